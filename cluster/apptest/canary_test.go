// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apptest

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// podsOnly takes the gateway off, so that no router has to answer.
func podsOnly(text string) string {
	return regexp.MustCompile(`(?m)^ +- \{type: gateway.*\n`).ReplaceAllString(text, "")
}

// images counts the ready pods of a Deployment by image.
func (p *plane) images(ctx context.Context, namespace, name string) (map[string]int, error) {
	pods := &corev1.PodList{}
	if err := p.client.List(ctx, pods, client.InNamespace(namespace), client.MatchingLabels{v1beta1.LabelAppComponent: name}); err != nil {
		return nil, err
	}
	count := map[string]int{}
	for _, pod := range pods.Items {
		for _, c := range pod.Status.Conditions {
			if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue && pod.DeletionTimestamp == nil {
				count[pod.Spec.Containers[0].Image]++
			}
		}
	}
	return count, nil
}

func (p *plane) pods(t *testing.T, namespace, name, want string) {
	t.Helper()
	until(t, name+" has pods "+want, func(ctx context.Context) error {
		count, err := p.images(ctx, namespace, name)
		if err == nil && fmt.Sprint(count) != want {
			err = fmt.Errorf("they are %v", count)
		}
		return err
	})
}

// fleet plays the page's release for many Applications at once.
func (p *plane) fleet(t *testing.T) {
	const n = 20
	name := func(i int) string { return fmt.Sprintf("fleet-%d", i) }
	for i := range n {
		if err := p.up(t, "default", podsOnly(plain(name(i), "v1"))); err != nil {
			t.Fatal(err)
		}
	}
	defer func() {
		if t.Failed() {
			_ = pprof.Lookup("goroutine").WriteTo(os.Stderr, 1)
		}
	}()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			p.phase(t, "default", name(i), v1beta1.PhaseRunning)
			if err := p.up(t, "default", podsOnly(canary(name(i), "v2"))); err != nil {
				t.Error(err)
				return
			}
			for _, want := range []string{"map[demo:v1:4 demo:v2:1]", "map[demo:v1:2 demo:v2:3]"} {
				p.phase(t, "default", name(i), v1beta1.PhaseWorkflowSuspending)
				p.pods(t, "default", name(i), want)
				p.ask(t, "default", name(i), v1alpha1.ActionResume)
			}
			p.phase(t, "default", name(i), v1beta1.PhaseRunning)
			p.pods(t, "default", name(i), "map[demo:v2:5]")
		})
	}
	all.Wait()
}

func (p *plane) rollbacks(t *testing.T) {
	key := types.NamespacedName{Namespace: "default", Name: "back"}
	if err := p.up(t, "default", podsOnly(plain("back", "v1"))); err != nil {
		t.Fatal(err)
	}
	p.phase(t, "default", "back", v1beta1.PhaseRunning)
	stories := map[string]func(){
		"at twenty percent": func() { p.phase(t, "default", "back", v1beta1.PhaseWorkflowSuspending) },
		"while the controllers are away": func() {
			p.phase(t, "default", "back", v1beta1.PhaseWorkflowSuspending)
			p.stop()
			p.run(t)
		},
		"while pods are still starting": func() { p.phase(t, "default", "back", v1beta1.PhaseRunningWorkflow) },
	}
	for name, until := range stories {
		if err := p.up(t, "default", podsOnly(canary("back", "v2"))); err != nil {
			t.Fatal(err)
		}
		until()
		a := p.ask(t, "default", "back", v1alpha1.ActionRollback)
		if a.Status.Phase != v1alpha1.ActionSucceeded || len(a.Status.Report) != 5 {
			t.Fatalf("%s: %s %s %v", name, a.Status.Phase, a.Status.Message, a.Status.Report)
		}
		p.phase(t, "default", "back", v1beta1.PhaseRunning)
		p.pods(t, "default", "back", "map[demo:v1:5]")
		d := &appsv1.Deployment{}
		if err := p.client.Get(t.Context(), key, d); err != nil || d.Spec.Paused || d.Annotations[rollouts.AnnotationInProgress] != "" ||
			d.Spec.Strategy.Type != appsv1.RollingUpdateDeploymentStrategyType {
			t.Errorf("%s: the Deployment is given back as it was: %v %v %v %v", name, err, d.Spec.Paused, d.Annotations, d.Spec.Strategy)
		}
		revisions := &v1beta1.ApplicationRevisionList{}
		if err := p.client.List(t.Context(), revisions, client.MatchingLabels{v1beta1.LabelAppName: "back"}); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, r := range revisions.Items {
			names = append(names, r.Name)
		}
		if got := strings.Join(names, " "); got != "back-v1" {
			t.Errorf("%s: revisions are %s", name, got)
		}
	}
}
