// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/vela-rollouts/vela/internal/test/load"
	"github.com/vela-rollouts/vela/internal/test/play"
)

var (
	gatewayKind = schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "gateways"}
	routeKind   = schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "httproutes"}
)

// gatewayTrait is that of the page's files.
var gatewayTrait = regexp.MustCompile(`- type: gateway\n(?: {13,}.*\n?)*`)

// ingressHost is the host of the Ingress where the load comes by the HTTPRoute.
const ingressHost = "canary-demo.net"

// TestARolloutReleasesByAnHTTPRouteAndAnIngressAtOnce plays examples/rollout with a Gateway: the load comes by the HTTPRoute, and
// the Ingress of another host gives the same shares.
func TestARolloutReleasesByAnHTTPRouteAndAnIngressAtOnce(t *testing.T) {
	p := newPage(t)
	ctx := t.Context()
	client, err := dynamic.NewForConfig(p.REST())
	must(t, err)
	applyExampleWith(t, client, "rollout/workload.yaml", play.Host, ingressHost)
	applyExampleWith(t, client, "rollout/gateway.yaml", "canary-demo.org", play.Host, "port: 80,", fmt.Sprintf("port: %d,", config().HTTPPort))
	until(t, p, deploymentKind, play.App, "it runs", func(o *unstructured.Unstructured) bool { return number(o, "status", "readyReplicas") == 5 })
	must(t, p.WaitServed(ctx))
	before := rules(t, client)
	applyExample(t, client, "rollout/rollout-gateway.yaml")
	until(t, p, rolloutKind, play.App, "it waits for a release", func(o *unstructured.Unstructured) bool { return phase(o) == "Healthy" })
	must(t, p.StartLoad(context.WithoutCancel(ctx), load.DefaultMix()))

	scene(t, "version 2 is for those who ask for it", func(t *testing.T) {
		setImage(t, client, "v2")
		atStep(t, p, 1)
		asked(t, p, "me", "V2")
		share(t, p, "V1", 100)
		shareByIngress(t, p, "V1", 100)
	})
	scene(t, "then for 20 %, by both routes", func(t *testing.T) {
		approve(t, client)
		atStep(t, p, 2)
		share(t, p, "V2", 20)
		shareByIngress(t, p, "V2", 20)
	})
	scene(t, "somebody puts the HTTPRoute back as it was, as GitOps does: the share is back at once", func(t *testing.T) {
		patch, err := json.Marshal(map[string]any{"spec": before["spec"]})
		must(t, err)
		_, err = client.Resource(routeKind).Namespace("default").Patch(ctx, play.App, types.MergePatchType, patch, metav1.PatchOptions{})
		must(t, err)
		until(t, p, routeKind, play.App, "its weights are back", func(o *unstructured.Unstructured) bool {
			return strings.Contains(fmt.Sprint(o.Object["spec"]), play.App+"-canary")
		})
		atStep(t, p, 2)
		share(t, p, "V2", 20)
	})
	scene(t, "it is taken back", func(t *testing.T) {
		setImage(t, client, "v1")
		until(t, p, rolloutKind, play.App, "it is taken back", func(o *unstructured.Unstructured) bool {
			return phase(o) == "Healthy" && number(o, "status", "canaryStatus", "canaryReplicas") == 0
		})
		must(t, p.HelpersGone(ctx))
		share(t, p, "V1", 100)
		shareByIngress(t, p, "V1", 100)
		asBefore(t, client, before)
	})
	scene(t, "again, to everybody", func(t *testing.T) {
		setImage(t, client, "v2")
		for step, percent := range []float64{0, 20, 50} {
			atStep(t, p, int64(step+1))
			share(t, p, "V2", percent)
			shareByIngress(t, p, "V2", percent)
			approve(t, client)
		}
		until(t, p, rolloutKind, play.App, "it is done", func(o *unstructured.Unstructured) bool {
			return phase(o) == "Healthy" && number(o, "status", "canaryStatus", "canaryReadyReplicas") == 5
		})
		must(t, p.HelpersGone(ctx))
		share(t, p, "V2", 100)
		shareByIngress(t, p, "V2", 100)
		asBefore(t, client, before)
	})
	noneFailed(t, p)
}

// rules are those of the HTTPRoute, without what field managers it has.
func rules(t *testing.T, client dynamic.Interface) map[string]any {
	t.Helper()
	return rulesOf(t, client, routeKind)
}

func rulesOf(t *testing.T, client dynamic.Interface, kind schema.GroupVersionResource) map[string]any {
	t.Helper()
	o, err := client.Resource(kind).Namespace("default").Get(t.Context(), play.App, metav1.GetOptions{})
	must(t, err)
	return map[string]any{"spec": o.Object["spec"], "annotations": o.GetAnnotations()}
}

func asBefore(t *testing.T, client dynamic.Interface, before map[string]any) {
	t.Helper()
	if diff := cmp.Diff(before, rules(t, client)); diff != "" {
		t.Errorf("the HTTPRoute is not as it was:\n%s", diff)
	}
}

// shareByIngress sends requests by the Ingress and checks which share of them a version answers.
func shareByIngress(t *testing.T, p *play.Page, version string, want float64) {
	t.Helper()
	const all = 1000
	hits := 0
	for range all {
		answer, err := load.Once(t.Context(), load.Target{Address: p.Gateway(), Host: ingressHost, Path: "/version"})
		must(t, err)
		if strings.Contains(answer, version) {
			hits++
		}
	}
	got := 100 * float64(hits) / all
	if math.Abs(got-want) > p.Tolerance {
		t.Fatalf("by the Ingress %s answers %.1f %% of %d requests, want %.0f %%", version, got, all, want)
	}
	fmt.Printf("progress: by the Ingress %s answers %.1f %%, asked %.0f %%\n", version, got, want)
}

// TestCanaryDeployReleasesByTheTraitHTTPRoute plays the page with trait http-route in the place of gateway.
func TestCanaryDeployReleasesByTheTraitHTTPRoute(t *testing.T) {
	p := newPage(t)
	ctx := t.Context()
	client, err := dynamic.NewForConfig(p.REST())
	must(t, err)
	applyExampleWith(t, client, "rollout/gateway.yaml", "port: 80,", fmt.Sprintf("port: %d,", config().HTTPPort))
	must(t, client.Resource(routeKind).Namespace("default").Delete(ctx, play.App, metav1.DeleteOptions{}))
	p.Examples = routedExamples(t, p.Examples)

	scene(t, "version 1 runs", func(t *testing.T) { firstVersion(t, p) })
	before := rules(t, client)
	scene(t, "version 2 stops at one pod and 20 %", func(t *testing.T) {
		canaryAt20(t, p)
		share(t, p, "V2", 20)
		must(t, p.Status(ctx, "✅ http-route", "20%"))
	})
	scene(t, "it is rolled back", func(t *testing.T) {
		back(t, p)
		asBefore(t, client, before)
	})
	scene(t, "again: 20 %, 50 %, everybody", func(t *testing.T) {
		must(t, p.Deploy(ctx, "v3.yaml"))
		must(t, p.SuspendedAt(ctx, "v3", "suspend-1st"))
		share(t, p, "V3", 20)
		must(t, p.Resume(ctx))
		must(t, p.SuspendedAt(ctx, "v3", "suspend-2nd"))
		share(t, p, "V3", 50)
		must(t, p.Resume(ctx))
		must(t, p.Running(ctx, "v3"))
		share(t, p, "V3", 100)
		must(t, p.HelpersGone(ctx))
		asBefore(t, client, before)
	})
	noneFailed(t, p)
}

// routedExamples are the page's files with trait http-route in the place of gateway.
func routedExamples(t *testing.T, dir string) string {
	t.Helper()
	out := t.TempDir()
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	must(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		routed := gatewayTrait.ReplaceAll(text, []byte(`- type: http-route
             properties:
                gatewayName: canary-demo
                gatewayNamespace: default
                listenerName: http
                domains: [canary-demo.com]
                rules: [{port: 8090}]
`))
		if bytes.Contains(text, []byte("type: gateway")) == bytes.Equal(text, routed) {
			t.Fatalf("the trait of %s is not replaced", file)
		}
		must(t, os.WriteFile(filepath.Join(out, filepath.Base(file)), routed, 0o600))
	}
	return out
}
