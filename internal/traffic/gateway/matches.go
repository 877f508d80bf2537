// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/runtime"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/ingress"
)

const (
	exact      = "Exact"
	prefix     = "PathPrefix"
	expression = "RegularExpression"
)

// CanLead says why a route of that kind can't lead the requests of a step as it asks; nil where it can.
func CanLead(kind traffic.Kind, s rollouts.Step) error {
	for i, m := range s.Matches {
		if kind == traffic.KindGRPCRoute && (m.Path != nil || len(m.QueryParams) > 0) {
			return fmt.Errorf("matches[%d] looks at the path or at query parameters, and a GRPCRoute can look at headers only; name headers", i)
		}
		if m.Path != nil && text(pathOf(m.Path), "type") != expression && !strings.HasPrefix(text(pathOf(m.Path), "value"), "/") {
			return fmt.Errorf("matches[%d].path.value is %q; write a path that begins with /", i, text(pathOf(m.Path), "value"))
		}
		if m.Path != nil && text(pathOf(m.Path), "type") == expression {
			if _, err := regexp.Compile(text(pathOf(m.Path), "value")); err != nil {
				return fmt.Errorf("matches[%d].path.value is not a regular expression (RE2): %w", i, err)
			}
		}
		if err := paramsLead(i, m.QueryParams); err != nil {
			return err
		}
		names := map[string]bool{}
		for j, h := range m.Headers {
			name := strings.ToLower(string(h.Name))
			if names[name] {
				return fmt.Errorf("matches[%d].headers[%d] looks at the header %s a second time, and all headers of a match have to match; remove it, or give it a match of its own", i, j, h.Name)
			}
			names[name] = true
			if h.Type != nil && *h.Type == gatewayv1.HeaderMatchRegularExpression {
				if _, err := regexp.Compile(h.Value); err != nil {
					return fmt.Errorf("matches[%d].headers[%d].value is not a regular expression (RE2): %w", i, j, err)
				}
			}
		}
	}
	return nil
}

// paramsLead says why a route can't look at the query parameters of a match.
func paramsLead(match int, params []gatewayv1.HTTPQueryParamMatch) error {
	names := map[gatewayv1.HTTPHeaderName]bool{}
	for j, q := range params {
		if names[q.Name] {
			return fmt.Errorf("matches[%d].queryParams[%d] looks at the parameter %s a second time, and all parameters of a match have to match; remove it, or give it a match of its own", match, j, q.Name)
		}
		names[q.Name] = true
		if q.Type == nil || *q.Type != gatewayv1.QueryParamMatchRegularExpression {
			continue
		}
		if _, err := regexp.Compile(q.Value); err != nil {
			return fmt.Errorf("matches[%d].queryParams[%d].value is not a regular expression (RE2): %w", match, j, err)
		}
	}
	return nil
}

// narrow is what a match of the user's and one of a step have in common. ok is false where no request is in both.
type narrow struct {
	match object
	ok    bool
	// tie says that it is no more specific than the user's, so that the order of rules decides (GEP-722).
	tie bool
}

// errTwice is for two conditions on one thing that can't be joined to one.
var errTwice = errors.New("two conditions on one thing")

// common narrows a match of a user's rule by one of a step.
func common(users object, m rollouts.HTTPRouteMatch) (narrow, error) {
	n := narrow{match: runtime.DeepCopyJSON(users), ok: true, tie: true}
	if m.Path != nil {
		path, ok, err := commonPath(part(users, "path"), pathOf(m.Path))
		if err != nil || !ok {
			return narrow{}, err
		}
		n.tie = text(path, "type") == expression || equality.Semantic.DeepEqual(path, pathOr(part(users, "path")))
		n.match["path"] = path
	}
	for key, asked := range map[string][]object{"headers": headersOf(m.Headers), "queryParams": paramsOf(m.QueryParams)} {
		for _, a := range asked {
			added, ok, err := n.add(key, a)
			if err != nil || !ok {
				return narrow{}, err
			}
			n.tie = n.tie && !added
		}
	}
	return n, nil
}

// add adds a condition on a header or a query parameter; added is false where the user's own says the same or more.
func (n *narrow) add(key string, asked object) (added, ok bool, err error) {
	for _, has := range list(n.match, key) {
		same := text(has, "name") == text(asked, "name")
		if key == "headers" {
			same = strings.EqualFold(text(has, "name"), text(asked, "name"))
		}
		if !same {
			continue
		}
		if kind, other := cmp.Or(text(has, "type"), exact), text(asked, "type"); kind != other || kind != exact && text(has, "value") != text(asked, "value") {
			return false, false, fmt.Errorf("%w: %s %s", errTwice, key, text(asked, "name"))
		}
		return false, text(has, "value") == text(asked, "value"), nil
	}
	n.match[key] = append(items(n.match, key), asked)
	return true, true, nil
}

// commonPath gives the path that two paths have in common.
func commonPath(users, asked object) (path object, ok bool, err error) {
	users = pathOr(users)
	a, b := text(users, "type"), text(asked, "type")
	u, v := text(users, "value"), text(asked, "value")
	switch {
	case equality.Semantic.DeepEqual(users, asked), a == exact && b == prefix && under(u, v):
		return users, true, nil
	case a == prefix && under("/", u):
		return asked, true, nil
	case b == prefix && under("/", v):
		return users, true, nil
	case a == expression || b == expression:
		return nil, false, fmt.Errorf("%w: the path", errTwice)
	case a == prefix && under(v, u):
		return asked, true, nil
	case a == prefix && b == prefix && under(u, v):
		return users, true, nil
	}
	return nil, false, nil
}

// under says that a path has all elements of a prefix (GEP-718: /ab is not under /a).
func under(path, prefix string) bool {
	prefix = strings.TrimRight(prefix, "/")
	return strings.TrimRight(path, "/") == prefix || strings.HasPrefix(path, prefix+"/")
}

func pathOr(path object) object {
	if path == nil {
		return object{"type": prefix, "value": "/"}
	}
	return object{"type": cmp.Or(text(path, "type"), prefix), "value": cmp.Or(text(path, "value"), "/")}
}

func pathOf(p *gatewayv1.HTTPPathMatch) object {
	path := object{"type": prefix, "value": "/"}
	if p.Type != nil {
		path["type"] = string(*p.Type)
	}
	if p.Value != nil {
		path["value"] = *p.Value
	}
	return path
}

// headersOf gives headers as a route has them. The name that stands for a cookie in a match of an Ingress means the same here.
func headersOf(headers []gatewayv1.HTTPHeaderMatch) []object {
	var out []object
	for _, h := range headers {
		kind, name, value := exact, string(h.Name), h.Value
		if h.Type != nil {
			kind = string(*h.Type)
		}
		if strings.EqualFold(name, ingress.CookieHeader) {
			kind, name, value = expression, "Cookie", `^(.*;\s*)?`+regexp.QuoteMeta(h.Value)+`=always(;.*)?$`
		}
		out = append(out, object{"type": kind, "name": name, "value": value})
	}
	return out
}

func paramsOf(params []gatewayv1.HTTPQueryParamMatch) []object {
	var out []object
	for _, p := range params {
		kind := exact
		if p.Type != nil {
			kind = string(*p.Type)
		}
		out = append(out, object{"type": kind, "name": string(p.Name), "value": p.Value})
	}
	return out
}
