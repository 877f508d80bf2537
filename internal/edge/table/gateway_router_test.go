// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"net/textproto"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"
)

// question is a request with everything that matches look at.
type question struct {
	host, path, method, query string
	header                    map[string][]string
}

func (q question) Host() string   { return q.host }
func (q question) Path() string   { return q.path }
func (q question) Method() string { return q.method }
func (q question) Query() string  { return q.query }
func (q question) Header(name string) string {
	if v := q.Values(name); len(v) > 0 {
		return v[0]
	}
	return ""
}
func (q question) Cookie(string) string { return "" }
func (q question) Values(name string) []string {
	return q.header[textproto.CanonicalMIMEHeaderKey(name)]
}

// gatewayTable builds a table with Gateway demo/edge and routes; each rule is known by its only backend, which does not exist.
func gatewayTable(t *testing.T, listeners string, routes ...string) *Table {
	t.Helper()
	in := Input{Gateways: Gateways{Controller: "c", Address: "10.0.0.1"}}
	class := &gatewayv1.GatewayClass{ObjectMeta: metav1.ObjectMeta{Name: "vela"}, Spec: gatewayv1.GatewayClassSpec{ControllerName: "c"}}
	in.Gateways.Classes = append(in.Gateways.Classes, class)
	gw := &gatewayv1.Gateway{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: "edge"}}
	if err := yaml.UnmarshalStrict([]byte(`{gatewayClassName: vela, listeners: `+listeners+`}`), &gw.Spec); err != nil {
		t.Fatal(err)
	}
	in.Gateways.Gateways = append(in.Gateways.Gateways, gw)
	for i, text := range routes {
		r := &gatewayv1.HTTPRoute{ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: string(rune('a' + i)), CreationTimestamp: metav1.Unix(int64(i), 0)}}
		if err := yaml.UnmarshalStrict([]byte(text), &r.Spec); err != nil {
			t.Fatal(err)
		}
		if len(r.Spec.ParentRefs) == 0 {
			r.Spec.ParentRefs = []gatewayv1.ParentReference{{Name: "edge"}}
		}
		in.Gateways.HTTPRoutes = append(in.Gateways.HTTPRoutes, r)
	}
	return Build(in)
}

const anyHost = `[{name: http, port: 80, protocol: HTTP}]`

func TestPrecedenceOfMatches(t *testing.T) {
	rules := func(all ...string) string {
		out := "rules: ["
		for _, r := range all {
			out += r + ", "
		}
		return "{" + out + "]}"
	}
	rule := func(name, matches string) string {
		return "{matches: [" + matches + "], backendRefs: [{name: " + name + ", port: 80}]}"
	}
	exact := rule("exact", "{path: {type: Exact, value: /a/b}}")
	pattern := rule("pattern", `{path: {type: RegularExpression, value: "/a/[a-z]+"}}`)
	long := rule("long", "{path: {type: PathPrefix, value: /a/b}}")
	short := rule("short", "{path: {type: PathPrefix, value: /a}}")
	get := rule("get", "{path: {type: PathPrefix, value: /a}, method: GET}")
	header := rule("header", "{path: {type: PathPrefix, value: /a}, headers: [{name: x-one, value: '1'}]}")
	headers := rule("headers", "{path: {type: PathPrefix, value: /a}, headers: [{name: x-one, value: '1'}, {name: x-two, type: RegularExpression, value: '[0-9]'}]}")
	query := rule("query", "{path: {type: PathPrefix, value: /a}, queryParams: [{name: q, value: '1'}]}")
	all := rule("all", "")
	q := func(path, method, query string, header ...string) question {
		out := question{host: "demo.example", path: path, method: method, query: query, header: map[string][]string{}}
		for i := 0; i < len(header); i += 2 {
			out.header[textproto.CanonicalMIMEHeaderKey(header[i])] = append(out.header[textproto.CanonicalMIMEHeaderKey(header[i])], header[i+1])
		}
		return out
	}
	cases := map[string]struct {
		routes []string
		asked  question
		want   string
	}{
		"an exact path comes first":                           {[]string{rules(all, short, long, pattern, exact)}, q("/a/b", "GET", ""), "exact"},
		"an expression comes before prefixes":                 {[]string{rules(all, short, long, pattern)}, q("/a/b", "GET", ""), "pattern"},
		"an expression is compared with the whole path":       {[]string{rules(short, pattern)}, q("/a/b/c", "GET", ""), "short"},
		"the longest prefix wins":                             {[]string{rules(all, short, long)}, q("/a/b/c", "GET", ""), "long"},
		"a prefix ends where an element ends":                 {[]string{rules(all, long)}, q("/a/bc", "GET", ""), "all"},
		"a slash at the end of a prefix says nothing":         {[]string{rules(rule("slash", "{path: {type: PathPrefix, value: /a/}}"))}, q("/a", "GET", ""), "slash"},
		"a method comes before headers":                       {[]string{rules(short, headers, get)}, q("/a", "GET", "", "X-One", "1", "X-Two", "2"), "get"},
		"another method is not taken":                         {[]string{rules(short, get)}, q("/a", "POST", ""), "short"},
		"more headers come before fewer":                      {[]string{rules(short, header, headers)}, q("/a", "GET", "", "X-One", "1", "X-Two", "2"), "headers"},
		"every header has to fit":                             {[]string{rules(short, header, headers)}, q("/a", "GET", "", "X-One", "1", "X-Two", "no"), "header"},
		"a header may have several values":                    {[]string{rules(short, header)}, q("/a", "GET", "", "X-One", "0", "X-One", "1"), "header"},
		"headers come before query parameters":                {[]string{rules(short, query, header)}, q("/a", "GET", "q=1", "X-One", "1"), "header"},
		"of several values of a parameter the first counts":   {[]string{rules(short, query)}, q("/a", "GET", "q=2&q=1"), "short"},
		"what nothing takes has no rule":                      {[]string{rules(long)}, q("/b", "GET", ""), ""},
		"of equals in one route the first rule wins":          {[]string{rules(rule("one", "{}"), rule("two", "{}"))}, q("/", "GET", ""), "one"},
		"of equals in two routes the older one wins":          {[]string{rules(rule("older", "{}")), rules(rule("younger", "{}"))}, q("/", "GET", ""), "older"},
		"the better match wins over the older route":          {[]string{rules(short), rules(long)}, q("/a/b", "GET", ""), "long"},
		"dot segments and double slashes are resolved before": {[]string{rules(all, exact)}, q("/x/..//a/b", "GET", ""), "exact"},
		"an exact host comes before a star": {
			[]string{"{hostnames: ['*.example'], rules: [" + rule("star", "{path: {type: Exact, value: /a/b}}") + "]}", "{hostnames: [demo.example], rules: [" + rule("named", "{}") + "]}"},
			q("/a/b", "GET", ""), "named"},
		"what a more specific host does not take goes on": {
			[]string{"{hostnames: ['*.example'], rules: [" + rule("star", "{}") + "]}", "{hostnames: [demo.example], rules: [" + rule("named", "{path: {type: Exact, value: /x}}") + "]}"},
			q("/a", "GET", ""), "star"},
		"a star stands for several labels, not for none": {
			[]string{"{hostnames: ['*.demo.example'], rules: [" + rule("star", "{}") + "]}"}, q("/", "GET", ""), ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			built := gatewayTable(t, anyHost, tc.routes...)
			got := ""
			if f := NewRouter(built).Find(DoorKey{Port: 80}, "", tc.asked); f.Route >= 0 {
				got = built.Routes[f.Route].Backends[0].Name
			}
			if got != tc.want {
				t.Errorf("taken by %q, want %q", got, tc.want)
			}
		})
	}
}

func TestAListenerKeepsToItself(t *testing.T) {
	listeners := `[{name: all, port: 80, protocol: HTTP}, {name: star, port: 80, protocol: HTTP, hostname: "*.example"}, {name: deep, port: 80, protocol: HTTP, hostname: "*.deep.example"}, {name: named, port: 80, protocol: HTTP, hostname: a.deep.example}]`
	var routes []string
	for _, l := range []string{"all", "star", "deep", "named"} {
		routes = append(routes, "{parentRefs: [{name: edge, sectionName: "+l+"}], rules: [{matches: [{path: {value: /"+l+"}}], backendRefs: [{name: "+l+", port: 80}]}]}")
	}
	built := gatewayTable(t, listeners, routes...)
	router := NewRouter(built)
	for host, want := range map[string]string{"a.deep.example": "named", "b.deep.example": "deep", "x.b.deep.example": "deep", "deep.example": "star", "example": "all", "other.org": "all"} {
		for _, path := range []string{"all", "star", "deep", "named"} {
			f := router.Find(DoorKey{Port: 80}, "", question{host: host, path: "/" + path})
			if taken := f.Route >= 0; taken != (path == want) {
				t.Errorf("host %s and path /%s: taken is %t, for %s is the only listener of that host", host, path, taken, want)
			}
		}
	}
}

func TestFindingARuleAllocatesLittle(t *testing.T) {
	built := gatewayTable(t, anyHost, "{hostnames: [demo.example], rules: [{matches: [{path: {value: /a}}], backendRefs: [{name: a, port: 80}]}]}")
	router := NewRouter(built)
	req := &question{host: "demo.example", path: "/a/b", method: "GET"}
	if allocs := testing.AllocsPerRun(100, func() { router.Find(DoorKey{Port: 80}, "", req) }); allocs != 0 {
		t.Errorf("%v allocations for each match", allocs)
	}
}
