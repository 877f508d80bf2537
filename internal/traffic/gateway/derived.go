// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"

	utiljson "k8s.io/apimachinery/pkg/util/json"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/traffic"
)

const (
	// maxRules, maxMatches and maxAllMatches are limits of the API: of a route, of a rule, of all rules together.
	maxRules      = 16
	maxMatches    = 64
	maxAllMatches = 128
)

type matchList = rollouts.HTTPRouteMatch

// derived are the rules by which requests that match go to the new version.
type derived struct {
	target traffic.Target
	asked  []matchList
	share  share
	// reached are the asked matches that some rule has requests for.
	reached map[int]bool
	// after come last: they win by what they match, and lose to the user's own rules where those match as much.
	after []any
}

// from derives the rules for requests that a rule gets and that match. Those without more to match than the rule itself come
// before it, as the first of two equal rules wins.
func (d *derived) from(w weighed, at int) (before []any, err error) {
	if len(d.asked) == 0 {
		return nil, nil
	}
	var equal, more []any
	users := list(w.rule.content, "matches")
	if len(users) == 0 {
		users = []object{{}}
	}
	single := rewritesPrefix(w.rule.content)
	for i, m := range d.asked {
		for _, user := range users {
			n, err := common(user, m)
			if err != nil {
				return nil, fmt.Errorf("matches[%d] of a step and spec.rules[%d] of the %s %s have %w; "+
					"change one of them so that they say the same of it, or that only one of them looks at it", i, at, d.target.Kind, d.target.Route, err)
			}
			if !n.ok {
				continue
			}
			if single && m.Path != nil {
				return nil, fmt.Errorf("matches[%d].path of a step can't be led by spec.rules[%d] of the %s %s, which replaces the prefix that it matches; "+
					"match headers or queryParams instead", i, at, d.target.Kind, d.target.Route)
			}
			d.reached[i] = true
			if n.tie {
				equal = append(equal, n.match)
			} else {
				more = append(more, n.match)
			}
		}
	}
	d.after = append(d.after, d.rules(w, more, single)...)
	return d.rules(w, equal, single), nil
}

// rules are the rule's content with other matches, and with the new version alone for each of its groups.
func (d *derived) rules(w weighed, matches []any, single bool) []any {
	n := namesOf(d.target, nil)
	refs := w.refs(func(i int, g group) []any { return []any{g.newVersion(n.canary, w.totals[i], d.share.modifier)} })
	var out []any
	add := func(matches []any) {
		content := maps.Clone(w.rule.content)
		delete(content, "name") // which is unique in a route
		content["matches"], content["backendRefs"] = matches, refs
		out = append(out, content)
	}
	switch {
	case len(matches) == 0:
	case single:
		for _, m := range matches {
			add([]any{m})
		}
	default:
		add(matches)
	}
	return out
}

// fits is a sentence about matches that no rule has requests for, or about more rules than a route can have.
func (d *derived) fits(rules []any) error {
	for i := range d.asked {
		if !d.reached[i] {
			return fmt.Errorf("no request of matches[%d] of a step is led to the Service %s by the %s %s; correct the match, or add a rule for it",
				i, d.target.Service, d.target.Kind, d.target.Route)
		}
	}
	if len(d.asked) == 0 {
		return nil
	}
	all := 0
	for _, r := range rules {
		content, _ := r.(object)
		is := len(items(content, "matches"))
		if all += is; is > maxMatches {
			return fmt.Errorf("the matches of a step make a rule of %d matches on the %s %s, which can have %d; write fewer", is, d.target.Kind, d.target.Route, maxMatches)
		}
	}
	if len(rules) > maxRules || all > maxAllMatches {
		return fmt.Errorf("the matches of a step make %d rules with %d matches of the %s %s, which can have %d with %d; write fewer matches, or split the route",
			len(rules), all, d.target.Kind, d.target.Route, maxRules, maxAllMatches)
	}
	return nil
}

// rewritesPrefix says that a rule replaces the prefix that it matches, which needs a single match (HTTPRouteRule's validation).
func rewritesPrefix(rule object) bool {
	all := list(rule, "filters")
	for _, ref := range list(rule, "backendRefs") {
		all = append(all, list(ref, "filters")...)
	}
	for _, f := range all {
		for _, kind := range []string{"urlRewrite", "requestRedirect"} {
			if text(part(part(f, kind), "path"), "type") == string(gatewayv1.PrefixMatchHTTPPathModifier) {
				return true
			}
		}
	}
	return false
}

// filter is the filter of a backendRef that changes headers; nil for none.
func filter(m *gatewayv1.HTTPHeaderFilter) (object, error) {
	if m == nil {
		return nil, nil
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("writing requestHeaderModifier: %w", err)
	}
	modifier := object{}
	if err := utiljson.Unmarshal(raw, &modifier); err != nil {
		return nil, errors.New("requestHeaderModifier is not an object")
	}
	return object{"type": string(gatewayv1.HTTPRouteFilterRequestHeaderModifier), "requestHeaderModifier": modifier}, nil
}
