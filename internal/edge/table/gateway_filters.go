// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"fmt"
	"slices"
	"strings"
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// treat reads the filters and timeouts of a rule. A filter that cannot be honoured breaks the rule: it must not be skipped
// (HTTPRoute, spec.rules.filters).
func (o *object) treat(r *rule, filters []gatewayv1.HTTPRouteFilter, timeouts *gatewayv1.HTTPRouteTimeouts) {
	t := &r.treatment
	for i := range filters {
		f, field := &filters[i], fmt.Sprintf("%s.filters[%d]", r.field, i)
		switch {
		case f.Type == gatewayv1.HTTPRouteFilterRequestHeaderModifier && f.RequestHeaderModifier != nil:
			t.Request = headers(f.RequestHeaderModifier)
		case f.Type == gatewayv1.HTTPRouteFilterResponseHeaderModifier && f.ResponseHeaderModifier != nil:
			t.Response = headers(f.ResponseHeaderModifier)
		case f.Type == gatewayv1.HTTPRouteFilterRequestRedirect && f.RequestRedirect != nil:
			t.Redirect = redirect(f.RequestRedirect)
		case f.Type == gatewayv1.HTTPRouteFilterURLRewrite && f.URLRewrite != nil:
			t.Rewrite = &Rewrite{Host: precise(f.URLRewrite.Hostname), Path: pathChange(f.URLRewrite.Path)}
		case f.Type == gatewayv1.HTTPRouteFilterRequestMirror && f.RequestMirror != nil:
			r.mirrors = append(r.mirrors, mirrorRef{field: field + ".requestMirror.backendRef", ref: f.RequestMirror.BackendRef, share: mirrorShare(f.RequestMirror)})
		case f.Type == gatewayv1.HTTPRouteFilterCORS && f.CORS != nil:
			t.CORS = cors(f.CORS)
		default:
			o.problem("%s is of type %s, which this edge does not support; remove it", field, f.Type)
			t.Broken = fmt.Sprintf("a filter of type %s is not supported here", f.Type)
			r.broken = true
		}
	}
	if timeouts != nil {
		t.Timeout = o.duration(r, "request", timeouts.Request)
		t.BackendTimeout = o.duration(r, "backendRequest", timeouts.BackendRequest)
	}
}

// backend reads a backendRef. Its filters may change headers; one with others gets no request.
func (o *object) backend(field string, ref gatewayv1.BackendRef, filters []gatewayv1.HTTPRouteFilter) backendRef {
	b := backendRef{BackendRef: ref}
	for i := range filters {
		f := &filters[i]
		switch {
		case f.Type == gatewayv1.HTTPRouteFilterRequestHeaderModifier && f.RequestHeaderModifier != nil:
			b.request = headers(f.RequestHeaderModifier)
		case f.Type == gatewayv1.HTTPRouteFilterResponseHeaderModifier && f.ResponseHeaderModifier != nil:
			b.response = headers(f.ResponseHeaderModifier)
		default:
			o.problem("%s.filters[%d] is of type %s, which this edge supports for whole rules at most; move it to the rule or remove it", field, i, f.Type)
			b.invalid = true
		}
	}
	return b
}

// duration reads a duration of GEP-2257; "0s" means no bound.
func (o *object) duration(r *rule, name string, d *gatewayv1.Duration) time.Duration {
	if d == nil {
		return 0
	}
	out, err := time.ParseDuration(string(*d))
	if err != nil || out < 0 {
		o.problem("%s.timeouts.%s is %q; use a duration such as 500ms or 10s", r.field, name, *d)
		r.broken = true
		return 0
	}
	return out
}

func headers(f *gatewayv1.HTTPHeaderFilter) *Headers {
	list := func(all []gatewayv1.HTTPHeader) []Header {
		var out []Header
		for _, h := range all {
			out = append(out, Header{Name: string(h.Name), Value: h.Value})
		}
		return out
	}
	return &Headers{Set: list(f.Set), Add: list(f.Add), Remove: slices.Clone(f.Remove)}
}

func redirect(f *gatewayv1.HTTPRequestRedirectFilter) *Redirect {
	out := &Redirect{Host: precise(f.Hostname), Path: pathChange(f.Path), Status: 302}
	if f.Scheme != nil {
		out.Scheme = strings.ToLower(*f.Scheme)
	}
	if f.Port != nil {
		out.Port = int(*f.Port)
	}
	if f.StatusCode != nil {
		out.Status = *f.StatusCode
	}
	return out
}

func precise(h *gatewayv1.PreciseHostname) string {
	if h == nil {
		return ""
	}
	return string(*h)
}

func pathChange(m *gatewayv1.HTTPPathModifier) *PathChange {
	switch {
	case m == nil:
		return nil
	case m.Type == gatewayv1.PrefixMatchHTTPPathModifier && m.ReplacePrefixMatch != nil:
		return &PathChange{Prefix: true, Value: *m.ReplacePrefixMatch}
	case m.ReplaceFullPath != nil:
		return &PathChange{Value: *m.ReplaceFullPath}
	}
	return nil
}

// mirrorShare reads which part of the requests is mirrored: all of them unless percent or fraction says otherwise.
func mirrorShare(f *gatewayv1.HTTPRequestMirrorFilter) Mirror {
	switch {
	case f.Percent != nil:
		return Mirror{Numerator: *f.Percent, Denominator: 100}
	case f.Fraction != nil:
		m := Mirror{Numerator: f.Fraction.Numerator, Denominator: 100}
		if f.Fraction.Denominator != nil {
			m.Denominator = max(*f.Fraction.Denominator, 1)
		}
		return m
	}
	return Mirror{Numerator: 1, Denominator: 1}
}

func cors(f *gatewayv1.HTTPCORSFilter) *CORS {
	out := &CORS{Credentials: f.AllowCredentials != nil && *f.AllowCredentials, MaxAge: f.MaxAge}
	if out.MaxAge == 0 {
		out.MaxAge = 5
	}
	for _, o := range f.AllowOrigins {
		out.Origins = append(out.Origins, string(o))
	}
	for _, m := range f.AllowMethods {
		out.Methods = append(out.Methods, string(m))
	}
	for _, h := range f.AllowHeaders {
		out.Headers = append(out.Headers, string(h))
	}
	for _, h := range f.ExposeHeaders {
		out.Expose = append(out.Expose, string(h))
	}
	return out
}
