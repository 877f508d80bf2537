// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"cmp"
	"fmt"
	"net/textproto"
	"regexp"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// rank is the precedence of a match among those of one host: the smaller one is asked first. It follows HTTPRoute,
// spec.rules.matches, and GRPCRoute likewise; a regular expression, of which the former says nothing, stands between exact paths
// and prefixes.
type rank struct {
	kind           int
	chars          [2]int // of the path, or of gRPC's service and method
	method         bool
	headers, query int
}

func (r rank) compare(other rank) int {
	return cmp.Or(
		cmp.Compare(r.kind, other.kind),
		cmp.Compare(other.chars[0], r.chars[0]), cmp.Compare(other.chars[1], r.chars[1]),
		compareBool(other.method, r.method),
		cmp.Compare(other.headers, r.headers), cmp.Compare(other.query, r.query),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func rankOf(m *Match, chars [2]int) rank {
	kinds := map[Kind]int{Exact: 0, Pattern: 1, Prefix: 2}
	return rank{kind: kinds[m.Kind], chars: chars, method: m.Method != "", headers: len(m.Headers), query: len(m.Query)}
}

// readHTTPRoute understands what it can; what it cannot becomes a problem, and the match takes no request.
func readHTTPRoute(r *gatewayv1.HTTPRoute) *object {
	o := newObject(kindHTTPRoute, r, r.Spec.CommonRouteSpec, r.Spec.Hostnames)
	for i := range r.Spec.Rules {
		spec := &r.Spec.Rules[i]
		out := rule{field: fmt.Sprintf("spec.rules[%d]", i)}
		o.treat(&out, spec.Filters, spec.Timeouts)
		for j, b := range spec.BackendRefs {
			out.backends = append(out.backends, o.backend(fmt.Sprintf("%s.backendRefs[%d]", out.field, j), b.BackendRef, b.Filters))
		}
		matches := spec.Matches
		if len(matches) == 0 {
			matches = []gatewayv1.HTTPRouteMatch{{}}
		}
		for j := range matches {
			if m, ok := o.httpMatch(fmt.Sprintf("%s.matches[%d]", out.field, j), &matches[j]); ok {
				out.matches = append(out.matches, m)
				out.ranks = append(out.ranks, rankOf(&m, [2]int{len(m.Path)}))
			} else {
				out.broken = true
			}
		}
		if spec.SessionPersistence != nil {
			o.problem("%s.sessionPersistence has no effect: this edge does not support it; remove it", out.field)
		}
		if spec.Retry != nil {
			o.problem("%s.retry has no effect: the edge retries what is safe to repeat; remove it", out.field)
		}
		o.rules = append(o.rules, out)
	}
	return o
}

func (o *object) httpMatch(field string, spec *gatewayv1.HTTPRouteMatch) (Match, bool) {
	m, ok := Match{Kind: Prefix, Path: "/"}, true
	if p := spec.Path; p != nil {
		ok = o.path(field+".path", p, &m)
	}
	if spec.Method != nil {
		m.Method = string(*spec.Method)
	}
	for i, header := range spec.Headers {
		pattern := header.Type != nil && *header.Type == gatewayv1.HeaderMatchRegularExpression
		m.Headers = o.compare(m.Headers, fmt.Sprintf("%s.headers[%d]", field, i), textproto.CanonicalMIMEHeaderKey(string(header.Name)), header.Value, pattern, &ok)
	}
	for i, param := range spec.QueryParams {
		pattern := param.Type != nil && *param.Type == gatewayv1.QueryParamMatchRegularExpression
		m.Query = o.compare(m.Query, fmt.Sprintf("%s.queryParams[%d]", field, i), string(param.Name), param.Value, pattern, &ok)
	}
	return m, ok
}

// path reads a path match.
func (o *object) path(field string, spec *gatewayv1.HTTPPathMatch, m *Match) bool {
	if spec.Value != nil {
		m.Path = *spec.Value
	}
	kind := gatewayv1.PathMatchPathPrefix
	if spec.Type != nil {
		kind = *spec.Type
	}
	switch kind {
	case gatewayv1.PathMatchExact:
		m.Kind = Exact
	case gatewayv1.PathMatchPathPrefix:
		if m.Path = strings.TrimRight(m.Path, "/"); m.Path == "" {
			m.Path = "/"
		}
	case gatewayv1.PathMatchRegularExpression:
		var ok bool
		m.Kind = Pattern
		m.Regexp, ok = o.pattern(field+".value", m.Path)
		return ok
	default:
		o.problem("%s.type is %q; use %s, %s or %s", field, kind, gatewayv1.PathMatchExact, gatewayv1.PathMatchPathPrefix, gatewayv1.PathMatchRegularExpression)
		return false
	}
	if !strings.HasPrefix(m.Path, "/") {
		o.problem(`%s.value is %q; let it begin with "/"`, field, shorten(m.Path))
		return false
	}
	return true
}

// compare adds a comparison of a header or query parameter. Of those with the same name the first counts.
func (o *object) compare(all []Comparison, field, name, value string, pattern bool, ok *bool) []Comparison {
	for _, other := range all {
		if other.Name == name {
			return all
		}
	}
	c := Comparison{Name: name, Value: value}
	if pattern {
		var fine bool
		if c.Regexp, fine = o.pattern(field+".value", value); !fine {
			*ok = false
		}
	}
	return append(all, c)
}

// pattern compiles a regular expression that has to fit the whole of what it is compared with.
func (o *object) pattern(field, text string) (*regexp.Regexp, bool) {
	_, err := compile(text) // alone first, for the message: what is put around it is not the user's
	if err != nil {
		o.problem("%s is not a regular expression (RE2) of at most %d characters: %v", field, maxPattern, err)
		return nil, false
	}
	return regexp.MustCompile("^(?:" + text + ")$"), true
}

// readGRPCRoute reads a GRPCRoute: a method is the path /service/method (gRPC over HTTP/2, "Path").
func readGRPCRoute(r *gatewayv1.GRPCRoute) *object {
	o := newObject(kindGRPCRoute, r, r.Spec.CommonRouteSpec, r.Spec.Hostnames)
	for i := range r.Spec.Rules {
		spec := &r.Spec.Rules[i]
		out := rule{field: fmt.Sprintf("spec.rules[%d]", i)}
		o.treat(&out, asHTTP(spec.Filters), nil)
		for j, b := range spec.BackendRefs {
			out.backends = append(out.backends, o.backend(fmt.Sprintf("%s.backendRefs[%d]", out.field, j), b.BackendRef, asHTTP(b.Filters)))
		}
		matches := spec.Matches
		if len(matches) == 0 {
			matches = []gatewayv1.GRPCRouteMatch{{}}
		}
		for j := range matches {
			if m, chars, ok := o.grpcMatch(fmt.Sprintf("%s.matches[%d]", out.field, j), &matches[j]); ok {
				out.matches = append(out.matches, m)
				out.ranks = append(out.ranks, rankOf(&m, chars))
			} else {
				out.broken = true
			}
		}
		if spec.SessionPersistence != nil {
			o.problem("%s.sessionPersistence has no effect: this edge does not support it; remove it", out.field)
		}
		o.rules = append(o.rules, out)
	}
	return o
}

func (o *object) grpcMatch(field string, spec *gatewayv1.GRPCRouteMatch) (m Match, chars [2]int, ok bool) {
	m, ok = Match{Kind: Prefix, Path: "/"}, true
	if spec.Method != nil {
		chars, ok = o.grpcMethod(field+".method", spec.Method, &m)
	}
	for i, header := range spec.Headers {
		pattern := header.Type != nil && *header.Type == gatewayv1.GRPCHeaderMatchRegularExpression
		m.Headers = o.compare(m.Headers, fmt.Sprintf("%s.headers[%d]", field, i), textproto.CanonicalMIMEHeaderKey(string(header.Name)), header.Value, pattern, &ok)
	}
	return m, chars, ok
}

// grpcMethod reads a method match. One that names service and method exactly is a path; any other is an expression over it.
func (o *object) grpcMethod(field string, spec *gatewayv1.GRPCMethodMatch, m *Match) (chars [2]int, ok bool) {
	service, method := "", ""
	if spec.Service != nil {
		service = *spec.Service
	}
	if spec.Method != nil {
		method = *spec.Method
	}
	chars = [2]int{len(service), len(method)}
	exact := spec.Type == nil || *spec.Type == gatewayv1.GRPCMethodMatchExact
	switch {
	case service == "" && method == "":
		return chars, true
	case exact && service != "" && method != "":
		m.Kind, m.Path = Exact, "/"+service+"/"+method
		return chars, true
	}
	part := func(name, text string) string {
		switch {
		case text == "":
			return "[^/]+"
		case exact:
			return regexp.QuoteMeta(text)
		}
		if _, fine := o.pattern(field+"."+name, text); !fine {
			ok = false
		}
		return "(?:" + text + ")"
	}
	ok = true
	m.Kind, m.Path = Pattern, "/"+part("service", service)+"/"+part("method", method)
	if ok {
		m.Regexp = regexp.MustCompile("^" + m.Path + "$")
	}
	return chars, ok
}

// asHTTP gives the filters of a GRPCRoute as those of an HTTPRoute, of which they are a part.
func asHTTP(filters []gatewayv1.GRPCRouteFilter) []gatewayv1.HTTPRouteFilter {
	out := make([]gatewayv1.HTTPRouteFilter, len(filters))
	for i, f := range filters {
		out[i] = gatewayv1.HTTPRouteFilter{
			Type: gatewayv1.HTTPRouteFilterType(f.Type), RequestHeaderModifier: f.RequestHeaderModifier, ResponseHeaderModifier: f.ResponseHeaderModifier,
			RequestMirror: f.RequestMirror, ExtensionRef: f.ExtensionRef,
		}
	}
	return out
}
