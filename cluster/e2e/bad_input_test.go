// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/internal/test/play"
)

// TestBadInputIsRefusedWithOneSentenceAndChangesNothing plays the last paragraph of the acceptance list against a real cluster.
func TestBadInputIsRefusedWithOneSentenceAndChangesNothing(t *testing.T) {
	p := newPage(t)
	must(t, p.Deploy(t.Context(), "v1.yaml"))
	must(t, p.Running(t.Context(), "v1"))
	v2, err := os.ReadFile(root("examples", "canary", "v2.yaml"))
	must(t, err)
	replaced := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(string(v2)) }
	up := []string{"up", "-f", "-"}
	cases := map[string]struct {
		stdin string
		args  []string
		names []string // what the sentence must name: the field and the mend
	}{
		"unknown component type":                   {replaced("webservice", "webservise"), up, []string{"components[0].type", "webservice"}},
		"unknown trait type":                       {replaced("type: scaler", "type: scalar"), up, []string{"traits[0].type", "scaler"}},
		"unknown step type":                        {replaced("type: suspend", "type: suspent"), up, []string{"steps[1].type", "suspend"}},
		"weight above 100":                         {replaced("weight: 20", "weight: 120"), up, []string{"weight", "0", "100"}},
		"weight below 0":                           {replaced("weight: 20", "weight: -1"), up, []string{"weight", "0", "100"}},
		"falling weights":                          {replaced("weight: 20", "weight: 60"), up, []string{"weight", "rollout-20", "rollout-50"}},
		"a canary that changes the gateway's port": {replaced(`"/version": 8090`, `"/version": 9090`), up, []string{"traits[1].properties", "8090", "9090", "canary-deploy"}},
		"a missing image":                          {replaced("image: wangyikewyk/canarydemo:v2", "imagePullPolicy: Never"), up, []string{"image"}},
		"malformed YAML":                           {"apiVersion: [", up, []string{"line"}},
		"an application that does not exist, asked for its status": {"", []string{"status", "nothing-here"}, []string{"nothing-here"}},
		"an application that does not exist, resumed":              {"", []string{"workflow", "resume", "nothing-here"}, []string{"nothing-here"}},
		"a resume with nothing suspended":                          {"", []string{"workflow", "resume", play.App}, []string{play.App, "resume", "running"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			r, err := p.Vela(t.Context(), c.stdin, c.args...)
			must(t, err)
			if r.Code == 0 {
				t.Errorf("exit code 0, want another: %s", r.Output)
			}
			for _, want := range c.names {
				if !strings.Contains(r.Output, want) {
					t.Errorf("the sentence does not name %q: %s", want, r.Output)
				}
			}
			if n := strings.Count(strings.TrimSpace(r.Output), "\n"); n > 2 {
				t.Errorf("%d lines for one mistake: %s", n+1, r.Output)
			}
			must(t, p.Running(t.Context(), "v1"))
		})
	}
	t.Run("a publishVersion that was used before", func(t *testing.T) {
		must(t, p.Deploy(t.Context(), "v2.yaml"))
		must(t, p.SuspendedAt(t.Context(), "v2", "suspend-1st"))
		r, err := p.Vela(t.Context(), replaced("publishVersion: v2", "publishVersion: v1"), up...)
		must(t, err)
		if r.Code == 0 || !strings.Contains(r.Output, "publishVersion") {
			t.Errorf("exit code %d: %s", r.Code, r.Output)
		}
		must(t, p.SuspendedAt(t.Context(), "v2", "suspend-1st"))
	})
	t.Run("a Rollout that can't be carried out, or not now", func(t *testing.T) { badRollouts(t, p) })
	t.Run("the same publishVersion with another spec is not silent", func(t *testing.T) {
		out, err := p.MustVela(t.Context(), replaced("replicas: 5", "replicas: 4"), up...)
		must(t, err)
		if !strings.Contains(out, "publishVersion") {
			t.Errorf("vela up says nothing of a change that is not released: %s", out)
		}
	})
}

// badRollouts writes Rollouts as kubectl would, while one is under way.
func badRollouts(t *testing.T, p *play.Page) {
	t.Helper()
	api, err := dynamic.NewForConfig(p.REST())
	must(t, err)
	rollouts := api.Resource(schema.GroupVersionResource{Group: "rollouts.kruise.io", Version: "v1beta1", Resource: "rollouts"}).Namespace("default")
	second := func(steps string) *unstructured.Unstructured {
		o := &unstructured.Unstructured{}
		must(t, yaml.Unmarshal([]byte(`{apiVersion: rollouts.kruise.io/v1beta1, kind: Rollout, metadata: {name: second}, spec: {
			workloadRef: {apiVersion: apps/v1, kind: Deployment, name: canary-demo}, strategy: {canary: {steps: [`+steps+`]}}}}`), &o.Object))
		return o
	}
	for steps, want := range map[string]string{
		"{traffic: 20%}":                 "spec.workloadRef: Deployment canary-demo is released by the Rollout canary-demo already",
		"{traffic: 50%}, {traffic: 20%}": "spec.strategy.canary.steps[1].traffic: is \"20%\", less than the \"50%\" of the step before",
	} {
		_, err := rollouts.Create(t.Context(), second(steps), metav1.CreateOptions{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("steps %s: the API server says %v, want %q in it", steps, err, want)
		}
	}
	edit := `[{"op": "replace", "path": "/spec/strategy/canary/trafficRoutings/0/ingress/name", "value": "other"}]`
	_, err = rollouts.Patch(t.Context(), play.App, types.JSONPatchType, []byte(edit), metav1.PatchOptions{})
	if err == nil || !strings.Contains(err.Error(), "spec.strategy.canary.trafficRoutings: cannot change") {
		t.Errorf("another Ingress half-way: the API server says %v", err)
	}
	must(t, p.SuspendedAt(t.Context(), "v2", "suspend-1st"))
}

// TestARollbackWithNothingToGoBackToIsRefused asks for it while the first version has never succeeded.
func TestARollbackWithNothingToGoBackToIsRefused(t *testing.T) {
	p := newPage(t)
	must(t, p.Deploy(t.Context(), "broken.yaml"))
	must(t, p.StepRunning(t.Context(), "v4", "rollout-20"))
	r, err := p.Vela(t.Context(), "", "workflow", "rollback", play.App)
	must(t, err)
	if r.Code == 0 || !strings.Contains(r.Output, "failed to find previous succeeded revision") {
		t.Errorf("exit code %d: %s", r.Code, r.Output)
	}
}

// TestNoClusterToTalkToIsOneSentence runs the command line with a kubeconfig that leads nowhere.
func TestNoClusterToTalkToIsOneSentence(t *testing.T) {
	p := newPage(t)
	must(t, p.Down(t.Context()))
	r, err := p.Vela(t.Context(), "", "status", play.App)
	must(t, err)
	if r.Code == 0 || !strings.Contains(r.Output, "velad up") {
		t.Errorf("exit code %d, want another and the way out: %s", r.Code, r.Output)
	}
}
