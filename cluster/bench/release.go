// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	releasev1alpha1 "github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// lap is how long one canary took: from the change to 20 %, from the first approval to 50 %, from the change to the end.
type lap struct {
	step1, step2, whole time.Duration
	// late is how long the weight of each step was written after the edge had proven its pods.
	late []time.Duration
}

// release is a way to release: what is there before, and one canary that is approved as soon as it waits.
type release struct {
	name    string
	core    bool // needs vela's controllers
	prepare func(context.Context, *stage, string) error
	play    func(context.Context, *stage, string) (lap, error)
}

func rolloutsAlone() release { return release{"Rollouts alone", true, prepareRollout, playRollout} }

func throughApplications() release {
	return release{"through Applications", true, prepareApplication, playApplication}
}

// patience bounds one canary, so that one that hangs is named; the more there are at once, the longer.
const patience = 3 * time.Minute

func (s settings) patience() time.Duration { return patience + time.Duration(s.canaries)*time.Second }

// prepareRollout makes a Deployment, Service, Ingress and Rollout, and waits until vela holds the Deployment.
func prepareRollout(ctx context.Context, s *stage, name string) error {
	for _, o := range []client.Object{deployment(name, "v1", replicas), service(name, name), ingress(name, name, name)} {
		if err := s.client.Create(ctx, o); err != nil {
			return fmt.Errorf("preparing %s: %w", name, err)
		}
	}
	if err := s.steady(ctx, name); err != nil {
		return err
	}
	if err := s.client.Create(ctx, rollout(name)); err != nil {
		return fmt.Errorf("preparing %s: %w", name, err)
	}
	return s.board.wait(ctx, name, "its Rollout is healthy", func(v view) bool {
		return v.rollout != nil && v.rollout.Status.Phase == rolloutsv1beta1.PhaseHealthy && v.rollout.Status.ObservedGeneration == v.rollout.Generation
	})
}

// steady waits until the first version has all its pods and the edge reaches them.
func (s *stage) steady(ctx context.Context, name string) error {
	if err := s.board.wait(ctx, name, "the first version is ready", func(v view) bool { return v.readyOld == replicas }); err != nil {
		return err
	}
	return s.served.endpoints(ctx, name, replicas)
}

// atShare is a step that is true: the weight is on the Ingress, and as many new pods are ready.
func atShare(weight, pods int) func(view) bool {
	return func(v view) bool { return v.weight == weight && v.readyNew >= pods }
}

// routesBack says that everything runs on the new version and no canary is in the route.
func routesBack(v view) bool { return v.readyNew == replicas && v.weight <= 0 }

func playRollout(ctx context.Context, s *stage, name string) (lap, error) {
	paused := func(step int32) func(view) bool {
		return func(v view) bool {
			st := v.rollout.Status
			return st.CurrentStepIndex == step && st.CurrentStepState == rolloutsv1beta1.StepPaused
		}
	}
	approve := func() error {
		ready := `{"status":{"currentStepState":"StepReady","canaryStatus":{"currentStepState":"StepReady"}}}`
		return s.client.Status().Patch(ctx, &rolloutsv1beta1.Rollout{ObjectMeta: named(name)}, merge(ready))
	}
	change := func() error {
		return s.patch(ctx, &appsv1.Deployment{ObjectMeta: named(name)}, template("v2"))
	}
	finished := func(v view) bool {
		return routesBack(v) && v.rollout.Status.Phase == rolloutsv1beta1.PhaseHealthy
	}
	return s.play(ctx, name, course{backend: name + canaryServiceOf, change: change, waits: paused, approve: approve, finished: finished})
}

// prepareApplication releases the first version of the page's Application.
func prepareApplication(ctx context.Context, s *stage, name string) error {
	if err := s.client.Create(ctx, application(name, "v1", "v1")); err != nil {
		return fmt.Errorf("preparing %s: %w", name, err)
	}
	if err := s.board.wait(ctx, name, "its Application runs", isRunning("v1")); err != nil {
		return err
	}
	return s.steady(ctx, name)
}

// isRunning says that a version of an Application is all released and healthy.
func isRunning(publish string) func(view) bool {
	return func(v view) bool { return appRuns(v) && v.app.Status.Workflow.AppRevision == publish }
}

// isSuspended says that the workflow of a version waits at a step.
func isSuspended(publish, step string) func(view) bool {
	return func(v view) bool {
		w := v.app.Status.Workflow
		return w != nil && w.AppRevision == publish && w.Suspend && v.app.Status.Phase == corev1beta1.PhaseWorkflowSuspending &&
			len(w.Steps) > 0 && w.Steps[len(w.Steps)-1].Name == step
	}
}

func playApplication(ctx context.Context, s *stage, name string) (lap, error) {
	waits := func(step int32) func(view) bool {
		return isSuspended("v2", map[int32]string{1: "suspend-1st", 2: "suspend-2nd"}[step])
	}
	finished := func(v view) bool { return routesBack(v) && isRunning("v2")(v) }
	return s.play(ctx, name, course{
		backend:  name + canaryServiceOf,
		change:   func() error { return s.publish(ctx, name, "v2", "v2") },
		waits:    waits,
		approve:  func() error { return s.act(ctx, name, releasev1alpha1.ActionResume) },
		finished: finished,
	})
}

// publish changes the Application to a version, as `vela up` does.
func (s *stage) publish(ctx context.Context, name, publish, tag string) error {
	app := application(name, publish, tag)
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": app.Annotations}, "spec": app.Spec})
	if err != nil {
		return err
	}
	return s.patch(ctx, &corev1beta1.Application{ObjectMeta: named(name)}, string(patch))
}

// act asks for an action, as `vela workflow` does.
func (s *stage) act(ctx context.Context, name string, action releasev1alpha1.Action) error {
	object := &releasev1alpha1.ReleaseAction{Spec: releasev1alpha1.ReleaseActionSpec{Application: name, Action: action}}
	object.GenerateName, object.Namespace = name+"-"+string(action)+"-", namespace
	object.Labels = map[string]string{releasev1alpha1.LabelApplication: name}
	if err := s.client.Create(ctx, object); err != nil {
		return fmt.Errorf("asking for %s of %s: %w", action, name, err)
	}
	return nil
}

// course is one canary as a person takes it: a change, two approvals, the end.
type course struct {
	// backend is the Service of the new version.
	backend  string
	change   func() error
	waits    func(step int32) func(view) bool
	approve  func() error
	finished func(view) bool
}

// play goes the course as fast as it allows: everything is seen by watches.
func (s *stage) play(ctx context.Context, name string, c course) (lap, error) {
	ctx, cancel := context.WithTimeout(ctx, s.set.patience())
	defer cancel()
	var l lap
	started := time.Now()
	if err := c.change(); err != nil {
		return l, err
	}
	if err := s.reach(ctx, name, c.backend, 20, 1, &l); err != nil {
		return l, err
	}
	l.step1 = time.Since(started)
	if err := s.board.wait(ctx, name, "it waits at 20 %", c.waits(1)); err != nil {
		return l, err
	}
	approved := time.Now()
	if err := c.approve(); err != nil {
		return l, err
	}
	if err := s.reach(ctx, name, c.backend, 50, 3, &l); err != nil {
		return l, err
	}
	l.step2 = time.Since(approved)
	if err := s.board.wait(ctx, name, "it waits at 50 %", c.waits(2)); err != nil {
		return l, err
	}
	if err := c.approve(); err != nil {
		return l, err
	}
	if err := s.board.wait(ctx, name, "it is all on the new version", c.finished); err != nil {
		return l, err
	}
	l.whole = time.Since(started)
	return l, nil
}

// reach waits until a share is on the new version, and notes how late its weight came.
func (s *stage) reach(ctx context.Context, name, backend string, weight, pods int, l *lap) error {
	if err := s.served.proven(ctx, backend, pods); err != nil {
		return err
	}
	proven := time.Now()
	if err := s.board.wait(ctx, name, fmt.Sprintf("%d %% are on the new version", weight), atShare(weight, pods)); err != nil {
		return err
	}
	l.late = append(l.late, time.Since(proven))
	return nil
}

func merge(patch string) client.Patch { return client.RawPatch(types.MergePatchType, []byte(patch)) }

func (s *stage) patch(ctx context.Context, o client.Object, patch string) error {
	kind := strings.TrimPrefix(fmt.Sprintf("%T", o), "*")
	// A strategic patch of a pod template keeps what it does not name; kinds of our own know only merge patches.
	how := types.MergePatchType
	switch o.(type) {
	case *appsv1.Deployment, *corev1.Service, *networkingv1.Ingress:
		how = types.StrategicMergePatchType
	}
	if err := s.client.Patch(ctx, o, client.RawPatch(how, []byte(patch))); err != nil {
		return fmt.Errorf("patching %s %s: %w", kind, o.GetName(), err)
	}
	return nil
}

// template is a patch that gives a Deployment another image.
func template(tag string) string {
	return `{"spec":{"template":{"spec":{"containers":[{"name":"demo","image":"demo:` + tag + `"}]}}}}`
}

// appRuns says that an Application is released and healthy, in whatever version.
func appRuns(v view) bool {
	return v.app != nil && v.app.Status.Phase == corev1beta1.PhaseRunning && v.app.Status.Workflow != nil && v.app.Status.Workflow.Finished
}
