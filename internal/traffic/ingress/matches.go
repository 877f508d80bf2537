// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package ingress

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// CookieHeader is the header name that stands for a cookie in a match of an Ingress, as in OpenKruise Rollouts
// (kruise-rollouts.md 6.2).
const CookieHeader = "canary-by-cookie"

const (
	annotationHeader  = prefix + "canary-by-header"
	annotationValue   = prefix + "canary-by-header-value"
	annotationPattern = prefix + "canary-by-header-pattern"
	annotationCookie  = prefix + CookieHeader
)

func ruleAnnotations() []string {
	return []string{annotationHeader, annotationValue, annotationPattern, annotationCookie}
}

// leading says that an annotation says which requests the canary gets.
func leading(key string) bool {
	return key == annotationWeight || slices.Contains(ruleAnnotations(), key)
}

// Annotations are the annotations by which an Ingress leads the requests that match, or a sentence about why none can: the
// dialect looks at one header and at one cookie, and at nothing else.
func Annotations(all []rollouts.HTTPRouteMatch) (map[string]string, error) {
	out := map[string]string{}
	for i, m := range all {
		if m.Path != nil || len(m.QueryParams) > 0 {
			return nil, fmt.Errorf("matches[%d] looks at the path or at query parameters, and an Ingress can look at a header or a cookie only; name a single header", i)
		}
		if len(m.Headers) != 1 {
			return nil, fmt.Errorf("matches[%d].headers has %d headers, and an Ingress can look at one; name a single header", i, len(m.Headers))
		}
		h := m.Headers[0]
		keys := map[string]string{}
		switch {
		case strings.EqualFold(string(h.Name), CookieHeader):
			keys[annotationCookie] = h.Value
		case h.Type != nil && *h.Type == gatewayv1.HeaderMatchRegularExpression:
			if _, err := regexp.Compile(h.Value); err != nil {
				return nil, fmt.Errorf("matches[%d].headers[0].value is not a regular expression (RE2): %w", i, err)
			}
			keys[annotationHeader], keys[annotationPattern] = string(h.Name), h.Value
		default:
			keys[annotationHeader], keys[annotationValue] = string(h.Name), h.Value
		}
		for k, v := range keys {
			if out[k] != "" {
				return nil, fmt.Errorf("matches[%d] is a second header or a second cookie, and an Ingress can look at one of each; leave one out", i)
			}
			out[k] = v
		}
	}
	return out, nil
}

// CanLead says why an Ingress can't lead the requests of a step as it asks; nil where it can.
func CanLead(s rollouts.Step) error {
	if s.RequestHeaderModifier != nil {
		return errors.New("requestHeaderModifier changes headers, which an Ingress can't; remove it, or name a route of the Gateway API instead of the Ingress")
	}
	_, err := Annotations(s.Matches)
	return err
}

// matches reads what Annotations wrote.
func matches(annotations map[string]string) []rollouts.HTTPRouteMatch {
	var all []rollouts.HTTPRouteMatch
	add := func(kind gatewayv1.HeaderMatchType, name, value string) {
		h := gatewayv1.HTTPHeaderMatch{Name: gatewayv1.HTTPHeaderName(name), Value: value}
		if kind != gatewayv1.HeaderMatchExact {
			h.Type = &kind
		}
		all = append(all, rollouts.HTTPRouteMatch{Headers: []gatewayv1.HTTPHeaderMatch{h}})
	}
	if name := annotations[annotationHeader]; name != "" {
		if pattern := annotations[annotationPattern]; pattern != "" {
			add(gatewayv1.HeaderMatchRegularExpression, name, pattern)
		} else {
			add(gatewayv1.HeaderMatchExact, name, annotations[annotationValue])
		}
	}
	if cookie := annotations[annotationCookie]; cookie != "" {
		add(gatewayv1.HeaderMatchExact, CookieHeader, cookie)
	}
	return all
}

// rulesOf are the annotations that lead requests beside a share, by their names without prefix.
func rulesOf(annotations map[string]string) map[string]string {
	out := map[string]string{}
	for _, k := range ruleAnnotations() {
		if v := annotations[k]; v != "" {
			out[strings.TrimPrefix(k, prefix)] = v
		}
	}
	return out
}

// matching tells in a few words what is written beside a weight.
func matching(all []rollouts.HTTPRouteMatch) string {
	if len(all) == 0 {
		return ""
	}
	return " and requests that match"
}
