// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/vela-rollouts/vela/internal/test/load"
	"github.com/vela-rollouts/vela/internal/test/play"
)

var trafficRoutingKind = schema.GroupVersionResource{Group: "rollouts.kruise.io", Version: "v1alpha1", Resource: "trafficroutings"}

const (
	cart     = "cart"
	cartHost = "cart.canary-demo.com"
)

// TestSeveralWorkloadsAreReleasedByOneTrafficRouting plays examples/rollout/trafficrouting.yaml: two workloads for the requests of
// one lane, one of which goes to its end while the other is taken back.
func TestSeveralWorkloadsAreReleasedByOneTrafficRouting(t *testing.T) {
	p := newPage(t)
	ctx := t.Context()
	client, err := dynamic.NewForConfig(p.REST())
	must(t, err)
	applyExample(t, client, "rollout/workload.yaml")
	applyExample(t, client, "rollout/trafficrouting.yaml")
	for _, name := range []string{play.App, cart} {
		until(t, p, rolloutKind, name, "it waits for a release", func(o *unstructured.Unstructured) bool { return phase(o) == "Healthy" })
	}
	routingIs(t, p, "Healthy", 0)
	must(t, p.WaitServed(ctx))
	must(t, p.StartLoad(context.WithoutCancel(ctx), load.DefaultMix()))

	scene(t, "a TrafficRouting that nobody could follow is refused", func(t *testing.T) {
		_, err := client.Resource(trafficRoutingKind).Namespace("default").Patch(ctx, "gray", types.MergePatchType, []byte(`{"spec":{"strategy":{"matches":null}}}`), metav1.PatchOptions{})
		refused(t, err, "asks for no request")
		second := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "rollouts.kruise.io/v1alpha1", "kind": "TrafficRouting", "metadata": map[string]any{"name": "second"},
			"spec": map[string]any{"strategy": map[string]any{"weight": int64(10)},
				"objectRef": []any{map[string]any{"service": cart, "ingress": map[string]any{"name": cart}}}},
		}}
		_, err = client.Resource(trafficRoutingKind).Namespace("default").Create(ctx, second, metav1.CreateOptions{})
		refused(t, err, "as the TrafficRouting gray does already")
	})
	scene(t, "both get a version 2 for the lane, and for nobody else", func(t *testing.T) {
		setImageTo(t, client, play.App, "v2")
		setImageTo(t, client, cart, "v2")
		pausedOf(t, p, play.App)
		pausedOf(t, p, cart)
		routingIs(t, p, "Progressing", 2)
		for _, host := range []string{play.Host, cartHost} {
			lane(t, p, host, "gray", "V2")
			lane(t, p, host, "blue", "V1")
		}
		share(t, p, "V1", 100)
	})
	scene(t, "one goes to its end, the lane of the other one stays", func(t *testing.T) {
		approveOf(t, client, cart)
		until(t, p, rolloutKind, cart, "it is done", func(o *unstructured.Unstructured) bool {
			return phase(o) == "Healthy" && number(o, "status", "canaryStatus", "canaryReadyReplicas") == 2
		})
		routingIs(t, p, "Progressing", 1)
		lane(t, p, cartHost, "blue", "V2")
		lane(t, p, play.Host, "gray", "V2")
		share(t, p, "V1", 100)
	})
	scene(t, "a deleted TrafficRouting waits for the other one, which is taken back: its lane ends at once", func(t *testing.T) {
		must(t, client.Resource(trafficRoutingKind).Namespace("default").Delete(ctx, "gray", metav1.DeleteOptions{}))
		routingIs(t, p, "Terminating", 1)
		lane(t, p, play.Host, "gray", "V2")
		setImageTo(t, client, play.App, "v1")
		until(t, p, rolloutKind, play.App, "it is taken back", func(o *unstructured.Unstructured) bool {
			return phase(o) == "Healthy" && number(o, "status", "canaryStatus", "canaryReplicas") == 0
		})
		must(t, p.WaitGone(ctx, trafficRoutingKind, "default", "gray"))
		must(t, p.HelpersGone(ctx))
		lane(t, p, play.Host, "gray", "V1")
		share(t, p, "V1", 100)
	})
	noneFailed(t, p)
}

// TestTwoReleasesOnOneIngressGoAtTheSameTime puts both workloads behind one Ingress, each by its host.
func TestTwoReleasesOnOneIngressGoAtTheSameTime(t *testing.T) {
	p := newPage(t)
	ctx := t.Context()
	client, err := dynamic.NewForConfig(p.REST())
	must(t, err)
	applyExample(t, client, "rollout/workload.yaml")
	applyExample(t, client, "rollout/trafficrouting.yaml")
	must(t, client.Resource(ingressKind).Namespace("default").Delete(ctx, cart, metav1.DeleteOptions{}))
	must(t, client.Resource(trafficRoutingKind).Namespace("default").Delete(ctx, "gray", metav1.DeleteOptions{}))
	rule := fmt.Sprintf(`[{"op":"add","path":"/spec/rules/-","value":{"host":%q,"http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":%q,"port":{"number":8090}}}}]}}}]`, cartHost, cart)
	_, err = client.Resource(ingressKind).Namespace("default").Patch(ctx, play.App, types.JSONPatchType, []byte(rule), metav1.PatchOptions{})
	must(t, err)
	for _, name := range []string{play.App, cart} {
		plan := fmt.Sprintf(`{"spec":{"strategy":{"canary":{"trafficRoutingRef":null,"steps":[{"traffic":"50%%"},{"traffic":"100%%"}],"trafficRoutings":[{"service":%q,"ingress":{"name":%q}}]}}}}`, name, play.App)
		_, err := client.Resource(rolloutKind).Namespace("default").Patch(ctx, name, types.MergePatchType, []byte(plan), metav1.PatchOptions{})
		must(t, err)
		until(t, p, rolloutKind, name, "it waits for a release", func(o *unstructured.Unstructured) bool { return phase(o) == "Healthy" })
	}
	before := specOf(t, client)
	must(t, p.WaitServed(ctx))
	must(t, p.StartLoad(context.WithoutCancel(ctx), load.DefaultMix()))

	scene(t, "both are at 50 % at the same time", func(t *testing.T) {
		setImageTo(t, client, play.App, "v2")
		setImageTo(t, client, cart, "v2")
		pausedOf(t, p, play.App)
		pausedOf(t, p, cart)
		share(t, p, "V2", 50)
		until(t, p, rolloutKind, cart, "the edge serves its share", func(o *unstructured.Unstructured) bool {
			return number(o, "status", "canaryStatus", "servedWeight") == 50
		})
	})
	scene(t, "one goes to its end, the other one back", func(t *testing.T) {
		approveOf(t, client, cart)
		setImageTo(t, client, play.App, "v1")
		for name, n := range map[string]int64{cart: 2, play.App: 0} {
			until(t, p, rolloutKind, name, "it is over", func(o *unstructured.Unstructured) bool {
				return phase(o) == "Healthy" && number(o, "status", "canaryStatus", "canaryReplicas") == n
			})
		}
		must(t, p.HelpersGone(ctx))
		must(t, p.WaitGone(ctx, ingressKind, "default", play.App+"-canary-"+cart))
		share(t, p, "V1", 100)
		lane(t, p, cartHost, "any", "V2")
		if diff := cmp.Diff(before, specOf(t, client)); diff != "" {
			t.Errorf("the Ingress is not as it was:\n%s", diff)
		}
	})
	noneFailed(t, p)
}

func specOf(t *testing.T, client dynamic.Interface) string {
	t.Helper()
	o, err := client.Resource(ingressKind).Namespace("default").Get(t.Context(), play.App, metav1.GetOptions{})
	must(t, err)
	text, err := json.Marshal(map[string]any{"spec": o.Object["spec"], "annotations": o.GetAnnotations()})
	must(t, err)
	return string(text)
}

// routingIs waits until the TrafficRouting of the example is in a phase and so many releases use it.
func routingIs(t *testing.T, p *play.Page, want string, users int) {
	t.Helper()
	until(t, p, trafficRoutingKind, "gray", "it is "+want, func(o *unstructured.Unstructured) bool {
		n := 0
		for _, f := range o.GetFinalizers() {
			if bytes.HasPrefix([]byte(f), []byte("progressing.rollouts.kruise.io/")) {
				n++
			}
		}
		return phase(o) == want && n == users
	})
}

func pausedOf(t *testing.T, p *play.Page, name string) {
	t.Helper()
	until(t, p, rolloutKind, name, "it is at its step", func(o *unstructured.Unstructured) bool {
		state, _, err := unstructured.NestedString(o.Object, "status", "currentStepState")
		return err == nil && state == "StepPaused" && number(o, "status", "currentStepIndex") == 1
	})
}

func approveOf(t *testing.T, client dynamic.Interface, name string) {
	t.Helper()
	_, err := client.Resource(rolloutKind).Namespace("default").Patch(t.Context(), name, types.MergePatchType, approval, metav1.PatchOptions{}, "status")
	if !apierrors.IsConflict(err) {
		must(t, err)
	}
}

func setImageTo(t *testing.T, client dynamic.Interface, name, version string) {
	t.Helper()
	patch := fmt.Sprintf(`{"spec":{"template":{"spec":{"containers":[{"name":"demo","image":"wangyikewyk/canarydemo:%s"}]}}}}`, version)
	_, err := client.Resource(deploymentKind).Namespace("default").Patch(t.Context(), name, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	must(t, err)
}

// lane sends requests of a lane to a host and checks that all are answered by one version.
func lane(t *testing.T, p *play.Page, host, name, version string) {
	t.Helper()
	client := &http.Client{Timeout: 10 * time.Second}
	for i := range 100 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.Gateway()+"/version", nil)
		must(t, err)
		req.Host = host
		req.Header.Set("X-Lane", name)
		resp, err := client.Do(req)
		must(t, err)
		body, err := io.ReadAll(resp.Body)
		must(t, err)
		must(t, resp.Body.Close())
		if resp.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(version)) {
			t.Fatalf("request %d of lane %s to %s was answered with %d %q, want %s", i+1, name, host, resp.StatusCode, body, version)
		}
	}
	fmt.Printf("progress: 100 requests of lane %s to %s, all answered by %s\n", name, host, version)
}
