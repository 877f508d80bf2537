// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

func TestHeaderComesBeforeCookieComesBeforeWeight(t *testing.T) {
	onBothPaths(t, testHeaderComesBeforeCookieComesBeforeWeight)
}

func testHeaderComesBeforeCookieComesBeforeWeight(t course) {
	w := newWorld(t, nil)
	stable, canary := newBackend(t, "stable", nil), newBackend(t, "canary", nil)
	w.canary(stable, canary, 0)
	type rules []string
	word := rules{"canary-by-header", "X-Try", "canary-by-cookie", "try"}
	value := rules{"canary-by-header", "X-Try", "canary-by-header-value", "me", "canary-by-cookie", "try"}
	pattern := rules{"canary-by-header", "X-Try", "canary-by-header-pattern", "^(a|b)$"}
	cases := map[string]struct {
		weight int
		rules  rules
		header []string
		want   string
	}{
		"nothing said, weight 0":                      {0, word, nil, "stable"},
		"nothing said, weight 100":                    {100, word, nil, "canary"},
		"the header says always":                      {0, word, []string{"X-Try", "always"}, "canary"},
		"the header says never":                       {100, word, []string{"X-Try", "never"}, "stable"},
		"the header says something else":              {100, word, []string{"X-Try", "maybe"}, "canary"},
		"the cookie says always":                      {0, word, []string{"Cookie", "try=always"}, "canary"},
		"the cookie says never":                       {100, word, []string{"Cookie", "try=never"}, "stable"},
		"the header outranks the cookie":              {0, word, []string{"X-Try", "never", "Cookie", "try=always"}, "stable"},
		"an undecided header leaves it to the cookie": {0, word, []string{"X-Try", "maybe", "Cookie", "try=always"}, "canary"},
		"the header has the value":                    {0, value, []string{"X-Try", "me"}, "canary"},
		"with a value, always is a word like others":  {0, value, []string{"X-Try", "always"}, "stable"},
		"the header matches the pattern":              {0, pattern, []string{"X-Try", "b"}, "canary"},
		"the header does not match the pattern":       {0, pattern, []string{"X-Try", "c"}, "stable"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w.t = t
			w.weight(tc.weight, tc.rules...)
			if got := w.mustGet("/", tc.header...); got != tc.want {
				t.Errorf("served by %s, want %s", got, tc.want)
			}
		})
	}
}

func TestHeadersTowardsTheBackend(t *testing.T) { onBothPaths(t, testHeadersTowardsTheBackend) }

func testHeadersTowardsTheBackend(t course) {
	w := newWorld(t, nil)
	b := newBackend(t, "mirror", func(rw http.ResponseWriter, req *http.Request) {
		rw.Header()["Content-Type"] = nil
		_ = json.NewEncoder(rw).Encode(map[string]any{"host": req.Host, "header": req.Header, "query": req.URL.RawQuery, "path": req.URL.EscapedPath()})
	})
	w.service("stable", b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	var seen struct {
		Host, Query, Path string
		Header            http.Header
	}
	got := w.mustGet("/a%2Fb/../c?x=1;y&z=%zz", "X-Forwarded-For", "6.6.6.6", "X-Forwarded-Proto", "https", "X-Real-IP", "6.6.6.6",
		"X-Forwarded-Host", "evil.example", "Connection", "X-Hop", "X-Hop", "gone", "X-Kept", "yes", "Forwarded", "for=6.6.6.6", "User-Agent", "me")
	if err := json.Unmarshal([]byte(got), &seen); err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(strings.TrimPrefix(w.url, "http://"), ":")
	for name, want := range map[string]string{
		"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http", "X-Real-Ip": "127.0.0.1", "X-Forwarded-Host": "demo.example",
		"X-Forwarded-Port": port, "X-Scheme": "http", "X-Hop": "", "X-Kept": "yes", "Forwarded": "", "User-Agent": "me", "Connection": "",
	} {
		if got := strings.Join(seen.Header[name], "|"); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if id := seen.Header.Get("X-Request-Id"); len(id) != 32 {
		t.Errorf("X-Request-Id is %q", id)
	}
	if seen.Host != "demo.example" || seen.Path != "/a%2Fb/../c" || seen.Query != "x=1;y&z=%zz" {
		t.Errorf("host %q, path %q, query %q; want them as the client sent them", seen.Host, seen.Path, seen.Query)
	}
}

func TestAnswersPassUnchanged(t *testing.T) { onBothPaths(t, testAnswersPassUnchanged) }

func testAnswersPassUnchanged(t course) {
	w := newWorld(t, nil)
	b := newBackend(t, "plain", func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header()["Content-Type"] = nil
		rw.Header().Set("X-Own", "1")
		rw.Header().Set("Date", "Mon, 02 Jan 2006 15:04:05 GMT")
		rw.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(rw, "<html>")
	})
	w.service("stable", b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	req, _ := http.NewRequest(http.MethodGet, w.url+"/", nil)
	req.Host = "demo.example"
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, typed := resp.Header["Content-Type"]; typed || resp.StatusCode != http.StatusTeapot || resp.Header.Get("X-Own") != "1" ||
		resp.Header.Get("Date") != "Mon, 02 Jan 2006 15:04:05 GMT" || resp.ContentLength != 6 {
		t.Errorf("status %d, length %d, header %v", resp.StatusCode, resp.ContentLength, resp.Header)
	}
}

func TestRefusals(t *testing.T) { onBothPaths(t, testRefusals) }

func testRefusals(t course) {
	w := newWorld(t, nil)
	b := newBackend(t, "any", func(rw http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		_, _ = rw.Write(body)
	})
	w.service("stable", b.address)
	w.ingress("web", "stable", "proxy-body-size", "1k")
	w.ready(map[string]int{"stable": 1})
	send := func(method, host string, body io.Reader) (int, string) {
		req, _ := http.NewRequest(method, w.url+"/", body)
		req.Host = host
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(text)
	}
	large := strings.Repeat("x", 1025)
	for name, tc := range map[string]struct {
		method, host string
		body         io.Reader
		status       int
		text         string
	}{
		"an unknown host":                    {"GET", "nobody.example", nil, 404, "no route for this host and path\n"},
		"a body over the limit":              {"POST", "demo.example", strings.NewReader(large), 413, "the request body is larger than this route accepts\n"},
		"a body over the limit, size unsaid": {"POST", "demo.example", io.MultiReader(strings.NewReader(large)), 413, "the request body is larger than this route accepts\n"},
		"a body at the limit":                {"POST", "demo.example", strings.NewReader(large[1:]), 200, large[1:]},
	} {
		t.Run(name, func(t *testing.T) {
			if status, text := send(tc.method, tc.host, tc.body); status != tc.status || text != tc.text {
				t.Errorf("status %d, %d bytes: %.80q", status, len(text), text)
			}
		})
	}
	if got := w.raw("CONNECT demo.example:443 HTTP/1.1\r\nHost: demo.example:443\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 405") {
		t.Errorf("CONNECT got %q", got)
	}
}

func TestStreamsAreFlushedAtOnce(t *testing.T) { onBothPaths(t, testStreamsAreFlushedAtOnce) }

func testStreamsAreFlushedAtOnce(t course) {
	w := newWorld(t, nil)
	next := make(chan struct{})
	b := newBackend(t, "stream", func(rw http.ResponseWriter, _ *http.Request) {
		for range 3 {
			_, _ = io.WriteString(rw, "data: x\n\n")
			_ = http.NewResponseController(rw).Flush()
			<-next
		}
	})
	w.service("stable", b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	req, _ := http.NewRequest(http.MethodGet, w.url+"/", nil)
	req.Host = "demo.example"
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for range 3 {
		part := make([]byte, 9)
		if _, err := io.ReadFull(resp.Body, part); err != nil {
			t.Fatal(err)
		}
		next <- struct{}{} // the backend goes on only after its part has arrived
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func TestAccessLogAndMetrics(t *testing.T) { onBothPaths(t, testAccessLogAndMetrics) }

func testAccessLogAndMetrics(t course) {
	out := &lockedBuffer{}
	w := newWorld(t, func(c *Config) { c.AccessLog = out })
	stable, canary := newBackend(t, "stable", nil), newBackend(t, "canary", nil)
	w.canary(stable, canary, 100)
	w.mustGet("/quote\"d?x=y")
	w.until("nothing in flight", func(p plan.Plan) bool { return p.Services["demo/canary"].Requests == 1 })
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	var line struct {
		Time, Remote, Host, Method, Path, Service, Endpoint, Version string
		Status, Bytes, Retries                                       int
		Duration                                                     float64
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	if line.Remote != "127.0.0.1" || line.Host != "demo.example" || line.Method != "GET" || line.Path != `/quote"d` || line.Status != 200 ||
		line.Bytes != 6 || line.Service != "demo/canary" || line.Endpoint != canary.address || line.Version != "canary" || line.Duration <= 0 {
		t.Errorf("logged %s", out.String())
	}
}

func TestAdminAnswers(t *testing.T) { onBothPaths(t, testAdminAnswers) }

func testAdminAnswers(t course) {
	w := newWorld(t, nil)
	stable, canary := newBackend(t, "stable", nil), newBackend(t, "canary", nil)
	w.canary(stable, canary, 20)
	w.mustGet("/")
	ask := func(method, path string) (int, string) {
		req, _ := http.NewRequest(method, w.admin+path, nil)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
	for _, path := range []string{"/-/healthz", "/-/readyz"} {
		if status, _ := ask("GET", path); status != 200 {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := ask("POST", plan.Path); status != 405 {
		t.Errorf("a POST to the plan got %d", status)
	}
	_, metrics := ask("GET", "/metrics")
	for _, want := range []string{
		`vela_edge_canary_weight_ratio{ingress="demo/web-canary"} 0.2`, `vela_edge_endpoints{service="demo/stable",state="ready"} 1`,
		`vela_edge_requests_total{code="2xx",host="demo.example",kind="prefix",path="/",service="demo/stable",version="stable"} 1`, "vela_edge_plan_revision",
		"vela_edge_request_duration_seconds_bucket", "vela_edge_in_flight", "vela_edge_retries_total",
	} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	only, err := plan.Get(t.Context(), http.DefaultClient, w.admin, "demo/web", "demo/canary")
	if err != nil || len(only.Ingresses) != 1 || len(only.Services) != 1 {
		t.Errorf("filtered plan %+v, error %v", only, err)
	}
}

func TestAddressIsPublishedOnceAndNotForCanaries(t *testing.T) {
	onBothPaths(t, testAddressIsPublishedOnceAndNotForCanaries)
}

func testAddressIsPublishedOnceAndNotForCanaries(t course) {
	w := newWorld(t, func(c *Config) { c.PublishAddress = "192.0.2.7" })
	stable, canary := newBackend(t, "stable", nil), newBackend(t, "canary", nil)
	events, err := w.client.NetworkingV1().Ingresses("demo").Watch(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer events.Stop()
	w.canary(stable, canary, 20)
	for event := range events.ResultChan() {
		ing, ok := event.Object.(*networkingv1.Ingress)
		if ok && len(ing.Status.LoadBalancer.Ingress) == 1 {
			if ing.Name != "web" || ing.Status.LoadBalancer.Ingress[0].IP != "192.0.2.7" {
				t.Errorf("%s got %+v", ing.Name, ing.Status.LoadBalancer)
			}
			break
		}
	}
	writes := 0
	for _, action := range w.client.Actions() {
		if action.GetVerb() == "patch" {
			writes++
			if got := fmt.Sprint(action.GetResource().Resource, action.GetSubresource()); got != "ingressesstatus" {
				t.Errorf("the edge wrote %s", got)
			}
		}
	}
	if writes != 1 {
		t.Errorf("%d writes for one Ingress", writes)
	}
}

func TestForeignAndClasslessIngressesAreLeftAlone(t *testing.T) {
	onBothPaths(t, testForeignAndClasslessIngressesAreLeftAlone)
}

func testForeignAndClasslessIngressesAreLeftAlone(t course) {
	w := newWorld(t, nil)
	b := newBackend(t, "stable", nil)
	w.service("stable", b.address)
	w.ingress("web", "stable")
	ing, _ := w.client.NetworkingV1().Ingresses("demo").Get(t.Context(), "web", metav1.GetOptions{})
	ing = ing.DeepCopy()
	ing.Name, ing.UID, ing.Spec.IngressClassName = "classless", "uid-classless", nil
	ing.Spec.Rules[0].Host = "other.example"
	w.applyIngress(ing)
	p := w.await("the Ingress", func(p plan.Plan) bool { return p.Services["demo/stable"].Ready == 1 })
	if _, there := p.Ingresses["demo/classless"]; there {
		t.Error("an Ingress without a class is served though the class is not the default")
	}
	class := &networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: "nginx", Annotations: map[string]string{networkingv1.AnnotationIsDefaultIngressClass: "true"}}}
	if _, err := w.client.NetworkingV1().IngressClasses().Create(t.Context(), class, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	w.await("the classless Ingress", func(p plan.Plan) bool { return p.Ingresses["demo/classless"].Accepted })
}
