// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/internal/test/load"
	"github.com/vela-rollouts/vela/internal/test/play"
)

// TestARolloutAloneReleasesToThoseWhoAskFirst plays examples/rollout: a workload that kubectl applied, released first to the
// requests that match (A/B testing), taken back, and then to everybody.
func TestARolloutAloneReleasesToThoseWhoAskFirst(t *testing.T) {
	p := newPage(t)
	ctx := t.Context()
	client, err := dynamic.NewForConfig(p.REST())
	must(t, err)
	applyExample(t, client, "rollout/workload.yaml")
	until(t, p, deploymentKind, play.App, "it runs", func(o *unstructured.Unstructured) bool { return number(o, "status", "readyReplicas") == 5 })
	must(t, p.WaitServed(ctx))
	applyExample(t, client, "rollout/rollout.yaml")
	until(t, p, rolloutKind, play.App, "it waits for a release", func(o *unstructured.Unstructured) bool { return phase(o) == "Healthy" })
	must(t, p.StartLoad(context.WithoutCancel(ctx), load.DefaultMix()))

	scene(t, "nothing is approved that is not reached", func(t *testing.T) {
		_, err := client.Resource(rolloutKind).Namespace("default").Patch(ctx, play.App, types.MergePatchType, approval, metav1.PatchOptions{}, "status")
		refused(t, err, "while the Rollout waits at it")
		_, err = client.Resource(rolloutKind).Namespace("default").Patch(ctx, play.App, types.MergePatchType, []byte(`{"status":{"currentStepState":"StepRedy"}}`), metav1.PatchOptions{}, "status")
		refused(t, err, "Unsupported value")
	})
	scene(t, "version 2 is for those who ask for it", func(t *testing.T) {
		setImage(t, client, "v2")
		atStep(t, p, 1)
		asked(t, p, "me", "V2")
		asked(t, p, "you", "V1")
		share(t, p, "V1", 100)
	})
	scene(t, "it is taken back: nobody gets it, asked for or not", func(t *testing.T) {
		setImage(t, client, "v1")
		until(t, p, rolloutKind, play.App, "it is taken back", func(o *unstructured.Unstructured) bool {
			return phase(o) == "Healthy" && number(o, "status", "canaryStatus", "canaryReplicas") == 0
		})
		must(t, p.HelpersGone(ctx))
		asked(t, p, "me", "V1")
		share(t, p, "V1", 100)
	})
	scene(t, "again, and then for half of all requests, asked for or not", func(t *testing.T) {
		setImage(t, client, "v2")
		atStep(t, p, 1)
		asked(t, p, "me", "V2")
		approve(t, client)
		atStep(t, p, 2)
		share(t, p, "V2", 50)
	})
	scene(t, "and for everybody", func(t *testing.T) {
		_, err := p.MustVela(ctx, "", "rollout", "approve", play.App, "--wait")
		must(t, err)
		until(t, p, rolloutKind, play.App, "it is done", func(o *unstructured.Unstructured) bool {
			return phase(o) == "Healthy" && number(o, "status", "canaryStatus", "canaryReadyReplicas") == 5
		})
		must(t, p.HelpersGone(ctx))
		share(t, p, "V2", 100)
	})
	noneFailed(t, p)
}

// applyExample applies a file of examples.
func applyExample(t *testing.T, client dynamic.Interface, file string) {
	t.Helper()
	applyExampleWith(t, client, file)
}

// applyExampleWith applies a file of examples with replacements, in pairs of old and new.
func applyExampleWith(t *testing.T, client dynamic.Interface, file string, replace ...string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "examples", file))
	must(t, err)
	text = []byte(strings.NewReplacer(replace...).Replace(string(text)))
	kinds := map[string]schema.GroupVersionResource{
		"Deployment": deploymentKind, "StatefulSet": statefulSetKind, "DaemonSet": daemonSetKind, "Service": serviceKind, "Ingress": ingressKind,
		"Rollout": rolloutKind, "TrafficRouting": trafficRoutingKind, "Gateway": gatewayKind, "HTTPRoute": routeKind, "GRPCRoute": grpcRouteKind,
	}
	for _, doc := range bytes.Split(text, []byte("\n---\n")) {
		o := &unstructured.Unstructured{}
		must(t, yaml.Unmarshal(doc, o))
		_, err := client.Resource(kinds[o.GetKind()]).Namespace("default").Apply(t.Context(), o.GetName(), o, metav1.ApplyOptions{FieldManager: "kubectl"})
		must(t, err)
	}
}

func setImage(t *testing.T, client dynamic.Interface, version string) {
	t.Helper()
	patch := fmt.Sprintf(`{"spec":{"template":{"spec":{"containers":[{"name":"demo","image":"wangyikewyk/canarydemo:%s"}]}}}}`, version)
	_, err := client.Resource(deploymentKind).Namespace("default").Patch(t.Context(), play.App, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	must(t, err)
}

var approval = []byte(`{"status":{"currentStepState":"StepReady","canaryStatus":{"currentStepState":"StepReady"}}}`)

// approve sets the step to ready, as kubectl-kruise does.
func approve(t *testing.T, client dynamic.Interface) {
	t.Helper()
	_, err := client.Resource(rolloutKind).Namespace("default").Patch(t.Context(), play.App, types.MergePatchType, approval, metav1.PatchOptions{}, "status")
	if !apierrors.IsConflict(err) {
		must(t, err)
	}
}

// atStep waits until the release waits at a step, from 1.
func atStep(t *testing.T, p *play.Page, step int64) {
	t.Helper()
	until(t, p, rolloutKind, play.App, fmt.Sprintf("it is at step %d", step), func(o *unstructured.Unstructured) bool {
		state, _, err := unstructured.NestedString(o.Object, "status", "currentStepState")
		return err == nil && state == "StepPaused" && number(o, "status", "currentStepIndex") == step
	})
}

// asked sends requests with a header and checks that all are answered by one version.
func asked(t *testing.T, p *play.Page, header, version string) {
	t.Helper()
	client := &http.Client{Timeout: 10 * time.Second}
	for i := range 200 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.Gateway()+"/version", nil)
		must(t, err)
		req.Host = play.Host
		req.Header.Set("X-Beta", header)
		resp, err := client.Do(req)
		must(t, err)
		body, err := io.ReadAll(resp.Body)
		must(t, err)
		must(t, resp.Body.Close())
		if !bytes.Contains(body, []byte(version)) {
			t.Fatalf("request %d with X-Beta: %s was answered with %q, want %s", i+1, header, body, version)
		}
	}
	fmt.Printf("progress: 200 requests with X-Beta: %s, all answered by %s\n", header, version)
}

func phase(o *unstructured.Unstructured) string {
	text, _, err := unstructured.NestedString(o.Object, "status", "phase")
	if err != nil {
		return err.Error()
	}
	return text
}

func number(o *unstructured.Unstructured, path ...string) int64 {
	n, _, err := unstructured.NestedInt64(o.Object, path...)
	if err != nil {
		return -1
	}
	return n
}
