// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	gatewayfake "sigs.k8s.io/gateway-api/pkg/client/clientset/versioned/fake"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

// patience is how long a test waits for a condition; it is a limit, never a measure.
const patience = 20 * time.Second

const dialect = "nginx.ingress.kubernetes.io/"

// served is what a cluster with the Gateway API says it serves.
var served = []*metav1.APIResourceList{{GroupVersion: gatewayv1.GroupVersion.String(), APIResources: []metav1.APIResource{
	{Name: "gatewayclasses"}, {Name: "gateways"}, {Name: "httproutes"}, {Name: "grpcroutes"}, {Name: "referencegrants"},
}}}

// course is a test of one way through the edge.
type course struct {
	*testing.T
	slow bool // all requests go through net/http
}

// onBothPaths tests the same of both ways through the edge.
func onBothPaths(t *testing.T, test func(course)) {
	t.Helper()
	t.Run("fast path", func(t *testing.T) { test(course{T: t}) })
	t.Run("net/http", func(t *testing.T) { test(course{T: t, slow: true}) })
}

// world is an edge on a fake cluster, with real listeners on loopback.
type world struct {
	t        testing.TB
	client   *fake.Clientset
	gateways *gatewayfake.Clientset
	edge     *Edge
	url      string
	tls      string
	admin    string
	version  int
	stop     func() error
}

func newWorld(tb testing.TB, adjust func(*Config)) *world {
	tb.Helper()
	return newWorldWith(tb, served, adjust)
}

// newWorldWith is newWorld on a cluster that serves the given resources of the Gateway API.
func newWorldWith(tb testing.TB, resources []*metav1.APIResourceList, adjust func(*Config)) *world {
	tb.Helper()
	cfg := Config{HTTPAddr: "127.0.0.1:0", HTTPSAddr: "127.0.0.1:0", AdminAddr: "127.0.0.1:0", Replica: "one", DrainTimeout: patience}
	if adjust != nil {
		adjust(&cfg)
	}
	if t, ok := tb.(course); ok {
		cfg.NoFastPath = t.slow
	}
	w := &world{t: tb, client: fake.NewClientset(), gateways: gatewayfake.NewSimpleClientset()}
	w.gateways.Resources = resources
	// As an API server, the fake one is to refuse a patch of another version than it has.
	w.gateways.PrependReactor("patch", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
		patch := action.(clienttesting.PatchAction)
		var wanted metav1.PartialObjectMetadata
		if err := json.Unmarshal(patch.GetPatch(), &wanted); err != nil {
			return true, nil, err
		}
		has, err := w.gateways.Tracker().Get(patch.GetResource(), patch.GetNamespace(), patch.GetName())
		if err != nil {
			return true, nil, err
		}
		if o, err := meta.Accessor(has); err != nil || o.GetResourceVersion() != wanted.ResourceVersion {
			return true, nil, apierrors.NewConflict(patch.GetResource().GroupResource(), patch.GetName(), err)
		}
		return false, nil, nil
	})
	e, err := New(cfg, w.client, w.gateways, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	w.edge = e
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	stopped := false
	w.stop = func() error {
		if stopped {
			return nil
		}
		stopped = true
		cancel()
		return <-ended
	}
	tb.Cleanup(func() {
		if err := w.stop(); err != nil {
			tb.Errorf("the edge ended with %v", err)
		}
	})
	select {
	case <-e.Ready():
	case err := <-ended:
		stopped = true
		tb.Fatalf("the edge did not start: %v", err)
	}
	plain, secure, admin := e.Addrs()
	w.url, w.admin = "http://"+plain.String(), "http://"+admin.String()
	if secure != nil {
		w.tls = "https://" + secure.String()
	}
	return w
}

// meta counts versions as an API server would; the fake one does not.
func (w *world) meta(name string) metav1.ObjectMeta {
	w.version++
	return metav1.ObjectMeta{
		Namespace: "demo", Name: name, UID: types.UID("uid-" + name), ResourceVersion: fmt.Sprint(w.version),
		CreationTimestamp: metav1.Unix(int64(w.version), 0),
	}
}

// service makes a Service of one port and a slice for each address (host:port).
func (w *world) service(name string, addresses ...string) {
	w.t.Helper()
	service := &corev1.Service{ObjectMeta: w.meta(name), Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}}
	if _, err := w.client.CoreV1().Services("demo").Create(w.t.Context(), service, metav1.CreateOptions{}); err != nil {
		w.t.Fatal(err)
	}
	for _, a := range addresses {
		w.addEndpoint(name, a)
	}
}

func sliceName(service, address string) string {
	return service + "-" + strings.NewReplacer(":", "-", ".", "-").Replace(address)
}

func (w *world) addEndpoint(service, address string) {
	w.t.Helper()
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		w.t.Fatal(err)
	}
	var port int32
	if _, err := fmt.Sscan(portText, &port); err != nil {
		w.t.Fatal(err)
	}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta:  w.meta(sliceName(service, address)),
		AddressType: discoveryv1.AddressTypeIPv4,
		Ports:       []discoveryv1.EndpointPort{{Port: &port}},
		Endpoints:   []discoveryv1.Endpoint{{Addresses: []string{host}, TargetRef: &corev1.ObjectReference{Kind: "Pod", Name: "pod-" + portText}}},
	}
	slice.Labels = map[string]string{discoveryv1.LabelServiceName: service}
	if _, err := w.client.DiscoveryV1().EndpointSlices("demo").Create(w.t.Context(), slice, metav1.CreateOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) removeEndpoint(service, address string) {
	w.t.Helper()
	if err := w.client.DiscoveryV1().EndpointSlices("demo").Delete(w.t.Context(), sliceName(service, address), metav1.DeleteOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

// ingress makes or replaces an Ingress for demo.example, path /. Annotations go without their prefix.
func (w *world) ingress(name, service string, annotations ...string) string {
	w.t.Helper()
	return w.ingressFor(name, "demo.example", service, annotations...)
}

func (w *world) ingressFor(name, host, service string, annotations ...string) string {
	w.t.Helper()
	kind, class := networkingv1.PathTypePrefix, "nginx"
	ing := &networkingv1.Ingress{ObjectMeta: w.meta(name), Spec: networkingv1.IngressSpec{
		IngressClassName: &class,
		Rules: []networkingv1.IngressRule{{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{
			HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{Path: "/", PathType: &kind,
				Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: service, Port: networkingv1.ServiceBackendPort{Number: 80}}}}}},
		}}},
	}}
	ing.Annotations = map[string]string{}
	for i := 0; i < len(annotations); i += 2 {
		ing.Annotations[dialect+annotations[i]] = annotations[i+1]
	}
	w.applyIngress(ing)
	return ing.ResourceVersion
}

func (w *world) applyIngress(ing *networkingv1.Ingress) {
	w.t.Helper()
	api := w.client.NetworkingV1().Ingresses("demo")
	if old, err := api.Get(w.t.Context(), ing.Name, metav1.GetOptions{}); err == nil {
		ing.CreationTimestamp = old.CreationTimestamp
		if _, err := api.Update(w.t.Context(), ing, metav1.UpdateOptions{}); err != nil {
			w.t.Fatal(err)
		}
		return
	}
	if _, err := api.Create(w.t.Context(), ing, metav1.CreateOptions{}); err != nil {
		w.t.Fatal(err)
	}
}

// weight sets the canary's weight and waits until the plan serves it.
func (w *world) weight(percent int, more ...string) plan.Plan {
	w.t.Helper()
	version := w.ingress("web-canary", "canary", append([]string{"canary", "true", "canary-weight", fmt.Sprint(percent)}, more...)...)
	return w.await(fmt.Sprintf("weight %d", percent), func(p plan.Plan) bool {
		c := p.Ingresses["demo/web-canary"]
		return c.ResourceVersion == version && c.Weight == percent
	})
}

// await follows the stream until the plan is as wanted.
func (w *world) await(what string, wanted func(plan.Plan) bool) plan.Plan {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var now plan.Plan
	found := false
	err := plan.Watch(ctx, http.DefaultClient, w.admin, func(e plan.Event) {
		now = now.Apply(e)
		if wanted(now) && !found {
			found = true
			cancel()
		}
	})
	if !found {
		w.t.Fatalf("waiting for %s: %v; the plan is %+v", what, err, now)
	}
	return now
}

// ready waits until the Services have so many proven endpoints.
func (w *world) ready(want map[string]int) {
	w.t.Helper()
	w.await(fmt.Sprintf("ready endpoints %v", want), func(p plan.Plan) bool {
		for service, n := range want {
			if s, ok := p.Services["demo/"+service]; !ok || s.Ready != n {
				return false
			}
		}
		return true
	})
}

// canary makes the usual picture: stable and canary behind one route.
func (w *world) canary(stable, canary *backend, weight int, more ...string) {
	w.t.Helper()
	w.service("stable", stable.address)
	w.service("canary", canary.address)
	w.ingress("web", "stable")
	w.weight(weight, more...)
	w.ready(map[string]int{"stable": 1, "canary": 1})
}

func (w *world) plan() plan.Plan {
	w.t.Helper()
	p, err := plan.Get(w.t.Context(), http.DefaultClient, w.admin, "", "")
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

// get sends a request for demo.example and gives status and body.
func (w *world) get(client *http.Client, path string, header ...string) (int, string, error) {
	req, err := http.NewRequest(http.MethodGet, w.url+path, nil)
	if err != nil {
		return 0, "", err
	}
	req.Host = "demo.example"
	for i := 0; i < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func (w *world) mustGet(path string, header ...string) string {
	w.t.Helper()
	status, body, err := w.get(http.DefaultClient, path, header...)
	if err != nil || status != http.StatusOK {
		w.t.Fatalf("status %d, body %q, error %v", status, body, err)
	}
	return body
}

// backend answers its name and counts.
type backend struct {
	name    string
	address string
	server  *httptest.Server
	hits    atomic.Int64
}

func newBackend(tb testing.TB, name string, handler http.HandlerFunc) *backend {
	tb.Helper()
	b := &backend{name: name}
	if handler == nil {
		handler = func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, name) }
	}
	b.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		b.hits.Add(1)
		handler(w, req)
	}))
	b.address = b.server.Listener.Addr().String()
	tb.Cleanup(func() {
		b.server.CloseClientConnections()
		b.server.Close()
	})
	return b
}

// refusing gives an address that nobody listens on.
func refusing(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
