// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/metadata"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/vela-rollouts/vela/internal/test/load"
	"github.com/vela-rollouts/vela/internal/test/play"
)

var grpcRouteKind = schema.GroupVersionResource{Group: "gateway.networking.k8s.io", Version: "v1", Resource: "grpcroutes"}

// TestARolloutReleasesByAGRPCRoute plays examples/rollout with grpc.yaml under a load of gRPC calls and streams alone.
func TestARolloutReleasesByAGRPCRoute(t *testing.T) {
	p := newPage(t)
	ctx := t.Context()
	client, err := dynamic.NewForConfig(p.REST())
	must(t, err)
	applyExampleWith(t, client, "rollout/workload.yaml", play.Host, ingressHost)
	applyExampleWith(t, client, "rollout/grpc.yaml", "canary-demo.org", play.Host, "port: 80,", fmt.Sprintf("port: %d,", config().HTTPPort))
	until(t, p, deploymentKind, play.App, "it runs", func(o *unstructured.Unstructured) bool { return number(o, "status", "readyReplicas") == 5 })
	until(t, p, rolloutKind, play.App, "it waits for a release", func(o *unstructured.Unstructured) bool { return phase(o) == "Healthy" })
	callUntilServed(t, p)
	before := rulesOf(t, client, grpcRouteKind)
	must(t, p.StartLoad(context.WithoutCancel(ctx), load.Mix{Calls: 6, CallStreams: 4, Pause: 4 * time.Millisecond, MaxDuration: 5 * time.Minute}))

	scene(t, "version 2 is for callers who ask for it", func(t *testing.T) {
		setImage(t, client, "v2")
		atStep(t, p, 1)
		asking := metadata.AppendToOutgoingContext(t.Context(), "x-beta", "me")
		for range 100 {
			version, err := load.CallOnce(asking, load.Target{Address: p.Gateway(), Host: play.Host})
			must(t, err)
			if version != "V2" {
				t.Fatalf("a call with x-beta: me is answered by %s, want V2", version)
			}
		}
		share(t, p, "V1", 100)
	})
	scene(t, "then for 20 % of the calls", func(t *testing.T) {
		approve(t, client)
		atStep(t, p, 2)
		share(t, p, "V2", 20)
	})
	scene(t, "it is taken back", func(t *testing.T) {
		setImage(t, client, "v1")
		until(t, p, rolloutKind, play.App, "it is taken back", func(o *unstructured.Unstructured) bool {
			return phase(o) == "Healthy" && number(o, "status", "canaryStatus", "canaryReplicas") == 0
		})
		share(t, p, "V1", 100)
		if diff := cmp.Diff(before, rulesOf(t, client, grpcRouteKind)); diff != "" {
			t.Errorf("the GRPCRoute is not as it was:\n%s", diff)
		}
	})
	scene(t, "again, to everybody", func(t *testing.T) {
		setImage(t, client, "v2")
		for step, percent := range []float64{0, 20, 50} {
			atStep(t, p, int64(step+1))
			share(t, p, "V2", percent)
			approve(t, client)
		}
		until(t, p, rolloutKind, play.App, "it is done", func(o *unstructured.Unstructured) bool {
			return phase(o) == "Healthy" && number(o, "status", "canaryStatus", "canaryReadyReplicas") == 5
		})
		share(t, p, "V2", 100)
		if diff := cmp.Diff(before, rulesOf(t, client, grpcRouteKind)); diff != "" {
			t.Errorf("the GRPCRoute is not as it was:\n%s", diff)
		}
	})
	noneOfFailed(t, p, load.Call, load.CallStream)
}

// callUntilServed calls until a call is answered.
func callUntilServed(t *testing.T, p *play.Page) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		_, err := load.CallOnce(ctx, load.Target{Address: p.Gateway(), Host: play.Host})
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("no call is answered: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
