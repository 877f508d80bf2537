// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

// newGatewayWorld is a world with a GatewayClass and a Gateway demo/edge, whose listeners are the edge's own ports.
func newGatewayWorld(t *testing.T, adjust func(*Config)) *world {
	t.Helper()
	w := newWorld(t, func(c *Config) {
		c.HTTPPort, c.HTTPSPort, c.PublishAddress = 80, 443, "127.0.0.1"
		if adjust != nil {
			adjust(c)
		}
	})
	w.apply(`{kind: GatewayClass, metadata: {name: vela}, spec: {controllerName: release.oam.dev/edge}}`)
	w.apply(`{kind: Gateway, metadata: {name: edge}, spec: {gatewayClassName: vela, listeners: [{name: http, port: 80, protocol: HTTP}]}}`)
	return w
}

// apply makes or replaces an object of the Gateway API, in namespace demo, and gives its resourceVersion.
func (w *world) apply(text string) string {
	w.t.Helper()
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal([]byte(text), &kind); err != nil {
		w.t.Fatal(err)
	}
	api, ctx := w.gateways.GatewayV1(), w.t.Context()
	var object metav1.Object
	var create, update func() error
	switch kind.Kind {
	case "GatewayClass":
		o := &gatewayv1.GatewayClass{}
		object = o
		create = func() error { _, err := api.GatewayClasses().Create(ctx, o, metav1.CreateOptions{}); return err }
		update = func() error { _, err := api.GatewayClasses().Update(ctx, o, metav1.UpdateOptions{}); return err }
	case "Gateway":
		o := &gatewayv1.Gateway{}
		object = o
		create = func() error { _, err := api.Gateways("demo").Create(ctx, o, metav1.CreateOptions{}); return err }
		update = func() error { _, err := api.Gateways("demo").Update(ctx, o, metav1.UpdateOptions{}); return err }
	case "HTTPRoute":
		o := &gatewayv1.HTTPRoute{}
		object = o
		create = func() error { _, err := api.HTTPRoutes("demo").Create(ctx, o, metav1.CreateOptions{}); return err }
		update = func() error { _, err := api.HTTPRoutes("demo").Update(ctx, o, metav1.UpdateOptions{}); return err }
	case "GRPCRoute":
		o := &gatewayv1.GRPCRoute{}
		object = o
		create = func() error { _, err := api.GRPCRoutes("demo").Create(ctx, o, metav1.CreateOptions{}); return err }
		update = func() error { _, err := api.GRPCRoutes("demo").Update(ctx, o, metav1.UpdateOptions{}); return err }
	default:
		w.t.Fatalf("kind %q", kind.Kind)
	}
	if err := yaml.UnmarshalStrict([]byte(text), object); err != nil {
		w.t.Fatal(err)
	}
	meta := w.meta(object.GetName())
	object.SetNamespace("demo")
	if kind.Kind == "GatewayClass" {
		object.SetNamespace("")
	}
	object.SetUID(meta.UID)
	object.SetResourceVersion(meta.ResourceVersion)
	object.SetCreationTimestamp(metav1.Unix(1, 0))
	object.SetGeneration(int64(w.version))
	if err := create(); err != nil {
		if err := update(); err != nil {
			w.t.Fatal(err)
		}
	}
	return object.GetResourceVersion()
}

// route makes HTTPRoute demo/web for demo.example with the given rules and waits until it is served, and until each of
// its Services that has endpoints has a proven one: a route may be known before them.
func (w *world) route(rules string) plan.Route {
	w.t.Helper()
	before := w.version
	slices, err := w.client.DiscoveryV1().EndpointSlices("demo").List(w.t.Context(), metav1.ListOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	hasEndpoints := map[string]bool{}
	for _, s := range slices.Items {
		hasEndpoints["demo/"+s.Labels[discoveryv1.LabelServiceName]] = true
	}
	answers := func(p plan.Plan, r plan.Route) bool {
		for _, rule := range r.Rules {
			for _, b := range rule.Backends {
				if hasEndpoints[b.Service] && p.Services[b.Service].Ready == 0 {
					return false
				}
			}
		}
		return true
	}
	w.apply(`{kind: HTTPRoute, metadata: {name: web}, spec: {parentRefs: [{name: edge}], hostnames: [demo.example], rules: ` + rules + `}}`)
	var found plan.Route
	w.await("the route", func(p plan.Plan) bool {
		r, ok := p.Routes["HTTPRoute/demo/web"]
		var version int
		_, err := fmt.Sscan(r.ResourceVersion, &version)
		found = r
		return ok && err == nil && version > before && r.Accepted && answers(p, r)
	})
	return found
}

func weights(stable, canary int) string {
	return fmt.Sprintf(`[{backendRefs: [{name: stable, port: 80, weight: %d}, {name: canary, port: 80, weight: %d}]}]`, stable, canary)
}

func TestShareOfAnHTTPRouteIsWithinHalfAPointOverAThousandRequests(t *testing.T) {
	w := newGatewayWorld(t, nil)
	stable, canary := newBackend(t, "stable", nil), newBackend(t, "canary", nil)
	w.service("stable", stable.address)
	w.service("canary", canary.address)
	for _, weight := range []int{20, 33, 99} {
		t.Run(fmt.Sprint(weight), func(t *testing.T) {
			w.t = t
			w.route(weights(100-weight, weight))
			w.ready(map[string]int{"stable": 1, "canary": 1})
			before := canary.hits.Load()
			const requests = 1_000
			var group sync.WaitGroup
			for range 10 {
				group.Go(func() {
					for range requests / 10 {
						if status, _, err := w.get(http.DefaultClient, "/"); err != nil || status != http.StatusOK {
							t.Errorf("status %d, error %v", status, err)
						}
					}
				})
			}
			group.Wait()
			got := float64(canary.hits.Load()-before) / requests * 100
			if math.Abs(got-float64(weight)) > 0.5 {
				t.Errorf("the canary got %.1f %% of %d requests, want %d %%", got, requests, weight)
			}
			counted := w.plan().Routes["HTTPRoute/demo/web"].Rules[0].Backends
			if n := counted[0].Requests + counted[1].Requests; n != requests || float64(counted[1].Requests) != got*requests/100 {
				t.Errorf("the plan counts %d and %d of %d requests, of which the canary served %.0f", counted[0].Requests, counted[1].Requests, requests, got*requests/100)
			}
		})
	}
}

func TestARouteAtWeightZeroIsReadyBeforeItAndDrainedAfterIt(t *testing.T) {
	w := newGatewayWorld(t, nil)
	held, let := make(chan struct{}), make(chan struct{})
	stable := newBackend(t, "stable", nil)
	canary := newBackend(t, "canary", func(rw http.ResponseWriter, _ *http.Request) {
		held <- struct{}{}
		<-let
		_, _ = io.WriteString(rw, "canary")
	})
	w.service("stable", stable.address)
	w.service("canary", canary.address)
	if r := w.route(weights(1, 0)); r.Rules[0].Backends[1] != (plan.Backend{Service: "demo/canary"}) {
		t.Errorf("the plan says of the canary: %+v", r.Rules[0].Backends[1])
	}
	w.await("the canary's endpoint before it has weight", func(p plan.Plan) bool {
		s := p.Services["demo/canary"]
		return s.Ready == 1 && s.Drained()
	})
	for range 10 {
		if got := w.mustGet("/"); got != "stable" {
			t.Fatalf("served by %s at weight 0", got)
		}
	}
	w.route(weights(0, 1))
	answer := make(chan string)
	go func() { _, body, _ := w.get(http.DefaultClient, "/"); answer <- body }()
	<-held
	w.route(weights(1, 0))
	if s := w.plan().Services["demo/canary"]; s.Drained() || s.InFlight != 1 || s.Weighted {
		t.Errorf("with a request in flight the plan says: %+v", s)
	}
	close(let)
	if got := <-answer; got != "canary" {
		t.Errorf("the request in flight was answered by %q", got)
	}
	w.await("the canary drained", func(p plan.Plan) bool { return p.Services["demo/canary"].Drained() })
}

// mirrorHandler answers what it was asked, as JSON.
func mirrorHandler(rw http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	rw.Header().Set("X-Backend", "yes")
	rw.Header().Set("X-Old", "old")
	_ = json.NewEncoder(rw).Encode(reflection{Host: req.Host, Header: req.Header, URL: req.URL.String(), Body: string(body)})
}

type reflection struct {
	Host, URL, Body string
	Header          http.Header
}

func TestFiltersOfARule(t *testing.T) {
	w := newGatewayWorld(t, nil)
	b := newBackend(t, "b", mirrorHandler)
	w.service("stable", b.address)
	const to = `backendRefs: [{name: stable, port: 80}]`
	cases := map[string]struct {
		rule   string
		path   string
		header []string
		wrong  func(resp *http.Response, got reflection) bool
	}{
		"headers of the request are set, added and removed": {
			`{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Set, value: new}], add: [{name: X-Add, value: more}], remove: [X-Gone]}}], ` + to + `}`,
			"/", []string{"X-Set", "old", "X-Add", "one", "X-Gone", "1"},
			func(_ *http.Response, got reflection) bool {
				return strings.Join(got.Header["X-Set"], "|") != "new" || strings.Join(got.Header["X-Add"], "|") != "one|more" || got.Header["X-Gone"] != nil
			}},
		"headers of the answer are set, added and removed": {
			`{filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {set: [{name: X-Old, value: new}], add: [{name: X-Add, value: more}], remove: [X-Backend]}}], ` + to + `}`,
			"/", nil, func(resp *http.Response, _ reflection) bool {
				return resp.Header.Get("X-Old") != "new" || resp.Header.Get("X-Add") != "more" || resp.Header["X-Backend"] != nil
			}},
		"a backendRef has filters of its own": {
			`{backendRefs: [{name: stable, port: 80, filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-Ref, value: a}]}}]}]}`,
			"/", nil, func(_ *http.Response, got reflection) bool {
				return got.Header.Get("X-Ref") != "a"
			}},
		"host and prefix are rewritten, the rest of the path and the query stay": {
			`{matches: [{path: {type: PathPrefix, value: /old}}], filters: [{type: URLRewrite, urlRewrite: {hostname: other.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /new/}}}], ` + to + `}`,
			"/old/a%2Fb?q=1", nil, func(_ *http.Response, got reflection) bool {
				return got.Host != "other.example" || got.URL != "/new/a%2Fb?q=1"
			}},
		"a prefix can be taken away": {
			`{matches: [{path: {type: PathPrefix, value: /old}}], filters: [{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: ""}}}], ` + to + `}`,
			"/old", nil, func(_ *http.Response, got reflection) bool {
				return got.URL != "/"
			}},
		"a redirect keeps what it does not name": {
			`{matches: [{path: {type: PathPrefix, value: /old}}], filters: [{type: RequestRedirect, requestRedirect: {scheme: https, hostname: new.example, statusCode: 301, path: {type: ReplacePrefixMatch, replacePrefixMatch: /new}}}]}`,
			"/old/a?q=1", nil, func(resp *http.Response, _ reflection) bool {
				return resp.StatusCode != 301 || resp.Header.Get("Location") != "https://new.example/new/a?q=1"
			}},
		"a redirect may name a port": {
			`{filters: [{type: RequestRedirect, requestRedirect: {port: 8443, scheme: https}}]}`,
			"/a", nil, func(resp *http.Response, _ reflection) bool {
				return resp.StatusCode != 302 || resp.Header.Get("Location") != "https://demo.example:8443/a"
			}},
		"an origin that is allowed may read the answer": {
			`{filters: [{type: CORS, cors: {allowOrigins: ["https://*.shop.example"], allowCredentials: true, exposeHeaders: [X-Backend]}}], ` + to + `}`,
			"/", []string{"Origin", "https://a.shop.example"}, func(resp *http.Response, _ reflection) bool {
				h := resp.Header
				return h.Get("Access-Control-Allow-Origin") != "https://a.shop.example" || h.Get("Access-Control-Allow-Credentials") != "true" || h.Get("Access-Control-Expose-Headers") != "X-Backend"
			}},
		"an origin that is not allowed may not": {
			`{filters: [{type: CORS, cors: {allowOrigins: ["https://*.shop.example"]}}], ` + to + `}`,
			"/", []string{"Origin", "https://evil.example"}, func(resp *http.Response, _ reflection) bool {
				return resp.StatusCode != 200 || resp.Header["Access-Control-Allow-Origin"] != nil
			}},
		"a rule without backends answers 500": {`{}`, "/", nil, func(resp *http.Response, _ reflection) bool {
			return resp.StatusCode != http.StatusInternalServerError
		}},
		"a reference that leads nowhere answers 500": {`{backendRefs: [{name: gone, port: 80}]}`, "/", nil, func(resp *http.Response, _ reflection) bool {
			return resp.StatusCode != http.StatusInternalServerError
		}},
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.route("[" + tc.rule + "]")
			req, _ := http.NewRequest(http.MethodGet, w.url+tc.path, nil)
			req.Host = "demo.example"
			for i := 0; i < len(tc.header); i += 2 {
				req.Header.Add(tc.header[i], tc.header[i+1])
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			var got reflection
			_ = json.NewDecoder(resp.Body).Decode(&got) // an answer of the edge itself is none
			if tc.wrong(resp, got) {
				t.Errorf("status %d, header %v; the backend was asked %+v", resp.StatusCode, resp.Header, got)
			}
		})
	}
}

func TestAPreflightIsAnsweredByTheEdge(t *testing.T) {
	w := newGatewayWorld(t, nil)
	b := newBackend(t, "b", mirrorHandler)
	w.service("stable", b.address)
	w.route(`[{filters: [{type: CORS, cors: {allowOrigins: ["https://shop.example:443"], allowMethods: [GET, PUT], allowHeaders: ["*"], exposeHeaders: [X-C], maxAge: 60}}], backendRefs: [{name: stable, port: 80}]}]`)
	req, _ := http.NewRequest(http.MethodOptions, w.url+"/", nil)
	req.Host = "demo.example"
	req.Header = http.Header{"Origin": {"https://shop.example"}, "Access-Control-Request-Method": {"PUT"}, "Access-Control-Request-Headers": {"x-a, x-b"}}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	h := resp.Header
	if resp.StatusCode != http.StatusNoContent || h.Get("Access-Control-Allow-Origin") != "https://shop.example" || h.Get("Access-Control-Allow-Methods") != "GET, PUT" ||
		h.Get("Access-Control-Allow-Headers") != "x-a, x-b" || h.Get("Access-Control-Max-Age") != "60" || h.Get("Access-Control-Expose-Headers") != "X-C" {
		t.Errorf("status %d, header %v", resp.StatusCode, h)
	}
	if b.hits.Load() != 0 {
		t.Error("the backend was asked")
	}
}

func TestAMirrorGetsACopyAndNobodyWaitsForIt(t *testing.T) {
	w := newGatewayWorld(t, nil)
	copies, let := make(chan string, 1), make(chan struct{})
	b := newBackend(t, "b", mirrorHandler)
	m := newBackend(t, "m", func(_ http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		copies <- req.Method + " " + req.URL.String() + " " + string(body)
		<-let
	})
	w.service("stable", b.address)
	w.service("shadow", m.address)
	w.route(`[{filters: [{type: RequestMirror, requestMirror: {backendRef: {name: shadow, port: 80}}}], backendRefs: [{name: stable, port: 80}]}]`)
	w.ready(map[string]int{"stable": 1, "shadow": 1})
	req, _ := http.NewRequest(http.MethodPost, w.url+"/a?b=c", strings.NewReader("hello"))
	req.Host = "demo.example"
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got reflection
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil || got.Body != "hello" {
		t.Errorf("the backend got %q, error %v", got.Body, err)
	}
	if c := <-copies; c != "POST /a?b=c hello" {
		t.Errorf("the copy is %q", c)
	}
	if s := w.plan().Services["demo/shadow"]; s.InFlight != 1 || !s.Weighted {
		t.Errorf("with a copy in flight the plan says: %+v", s)
	}
	close(let)
	for end := time.Now().Add(patience); w.plan().Services["demo/shadow"].InFlight != 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the copy is counted in flight after its end")
		}
	}
}

func TestTimeoutsOfARule(t *testing.T) {
	w := newGatewayWorld(t, nil)
	let := make(chan struct{})
	slow := newBackend(t, "slow", func(_ http.ResponseWriter, req *http.Request) {
		select {
		case <-let:
		case <-req.Context().Done():
		}
	})
	t.Cleanup(func() { close(let) })
	w.service("stable", slow.address)
	for name, timeouts := range map[string]string{"of the request": "{request: 50ms}", "of one attempt": "{backendRequest: 50ms}"} {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.route(`[{timeouts: ` + timeouts + `, backendRefs: [{name: stable, port: 80}]}]`)
			if status, body, err := w.get(http.DefaultClient, "/"); err != nil || status != http.StatusGatewayTimeout {
				t.Errorf("status %d, body %q, error %v", status, body, err)
			}
		})
	}
}

func TestAnInvalidReferenceFailsItsShareAlone(t *testing.T) {
	w := newGatewayWorld(t, nil)
	b := newBackend(t, "b", nil)
	w.service("stable", b.address)
	w.route(`[{backendRefs: [{name: stable, port: 80, weight: 3}, {name: gone, port: 80, weight: 1}]}]`)
	w.ready(map[string]int{"stable": 1})
	got := map[int]int{}
	for range 100 {
		status, _, err := w.get(http.DefaultClient, "/")
		if err != nil {
			t.Fatal(err)
		}
		got[status]++
	}
	if got[200] != 75 || got[500] != 25 {
		t.Errorf("answers by status: %v, want 75 of 200 and 25 of 500", got)
	}
}

func TestAnIngressComesBeforeGatewaysOnTheEdgesOwnPorts(t *testing.T) {
	w := newGatewayWorld(t, nil)
	old, other := newBackend(t, "ingress", nil), newBackend(t, "route", nil)
	w.service("old", old.address)
	w.service("stable", other.address)
	w.route(`[{backendRefs: [{name: stable, port: 80}]}]`)
	w.ready(map[string]int{"stable": 1})
	if got := w.mustGet("/"); got != "route" {
		t.Errorf("without an Ingress served by %s", got)
	}
	w.ingress("web", "old")
	w.ready(map[string]int{"old": 1})
	if got := w.mustGet("/"); got != "ingress" {
		t.Errorf("with an Ingress served by %s", got)
	}
}

// status reads the Gateway until it is as wanted.
func (w *world) gateway(name string, wanted func(gatewayv1.GatewayStatus) bool) gatewayv1.GatewayStatus {
	w.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		gw, err := w.gateways.GatewayV1().Gateways("demo").Get(w.t.Context(), name, metav1.GetOptions{})
		if err != nil {
			w.t.Fatal(err)
		}
		if wanted(gw.Status) {
			return gw.Status
		}
		if time.Now().After(end) {
			w.t.Fatalf("the status of Gateway %s is %+v", name, gw.Status)
		}
	}
}

func has(all []metav1.Condition, kind string, status metav1.ConditionStatus, reason string) bool {
	for _, c := range all {
		if c.Type == kind && c.Status == status && c.Reason == reason {
			return true
		}
	}
	return false
}

func TestEachGatewayHasAnAddressOfItsOwnOutOfThePool(t *testing.T) {
	w := newGatewayWorld(t, func(c *Config) { c.GatewayPool = netip.MustParsePrefix("127.77.0.0/29") })
	_, port, _ := net.SplitHostPort(refusing(t))
	one, two := newBackend(t, "one", nil), newBackend(t, "two", nil)
	w.service("stable", one.address)
	w.service("canary", two.address)
	w.apply(`{kind: Gateway, metadata: {name: edge}, spec: {gatewayClassName: vela, listeners: [{name: http, port: ` + port + `, protocol: HTTP}]}}`)
	w.apply(`{kind: Gateway, metadata: {name: other}, spec: {gatewayClassName: vela, listeners: [{name: http, port: ` + port + `, protocol: HTTP}]}}`)
	w.route(`[{backendRefs: [{name: stable, port: 80}]}]`)
	w.apply(`{kind: HTTPRoute, metadata: {name: second}, spec: {parentRefs: [{name: other}], hostnames: [demo.example], rules: [{backendRefs: [{name: canary, port: 80}]}]}}`)
	programmed := func(s gatewayv1.GatewayStatus) bool {
		return has(s.Conditions, "Programmed", "True", "Programmed") && len(s.Addresses) == 1 && s.Listeners[0].AttachedRoutes == 1
	}
	for name, want := range map[string]string{"edge": "one", "other": "two"} {
		address := w.gateway(name, programmed).Addresses[0].Value
		w.url = "http://" + address + ":" + port
		if got := w.mustGet("/"); got != want {
			t.Errorf("at %s, the address of Gateway %s, served by %s, want %s", address, name, got, want)
		}
	}
	if err := w.gateways.GatewayV1().Gateways("demo").Delete(t.Context(), "other", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	w.await("the route of a Gateway that is gone to go", func(p plan.Plan) bool { _, there := p.Routes["HTTPRoute/demo/second"]; return !there })
	for end := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		r, err := w.gateways.GatewayV1().HTTPRoutes("demo").Get(t.Context(), "second", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Status.Parents) == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("the status of the route still names the Gateway that is gone: %+v", r.Status.Parents)
		}
	}
}

func TestAPortThatIsTakenIsToldInTheStatus(t *testing.T) {
	w := newGatewayWorld(t, nil)
	admin, _ := url.Parse(w.admin)
	w.apply(`{kind: Gateway, metadata: {name: edge}, spec: {gatewayClassName: vela, listeners: [{name: http, port: 80, protocol: HTTP}, {name: taken, port: ` + admin.Port() + `, protocol: HTTP}]}}`)
	s := w.gateway("edge", func(s gatewayv1.GatewayStatus) bool { return len(s.Listeners) == 2 })
	if !has(s.Listeners[1].Conditions, "Accepted", "False", "PortUnavailable") || !has(s.Listeners[1].Conditions, "Programmed", "False", "Invalid") {
		t.Errorf("the listener on a taken port: %+v", s.Listeners[1].Conditions)
	}
	if !has(s.Conditions, "Programmed", "True", "Programmed") || !has(s.Conditions, "Accepted", "True", "ListenersNotValid") {
		t.Errorf("the Gateway with one good listener: %+v", s.Conditions)
	}
}
