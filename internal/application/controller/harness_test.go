// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition"
)

var errKilled = errors.New("killed")

// stage is a cluster in memory: our controller against a fake API server, and players in place of the Deployment and
// Rollout controllers.
type stage struct {
	t      *testing.T
	client client.Client
	clock  *clocktesting.FakePassiveClock
	r      *Reconciler
	key    types.NamespacedName

	writes  int
	killAt  int  // the write at which the controller dies; 0 is never
	after   bool // it dies after the write was done, not before
	playing bool // writes of players don't count
	log     []string
	actions int
	// broken are images whose pods never get ready.
	broken map[string]bool
}

type builderIndexer struct{ b *fake.ClientBuilder }

func (i builderIndexer) IndexField(_ context.Context, o client.Object, field string, f client.IndexerFunc) error {
	i.b.WithIndex(o, field, f)
	return nil
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, clock: clocktesting.NewFakePassiveClock(time.Unix(1700000000, 0)),
		key: types.NamespacedName{Namespace: "default", Name: "canary-demo"}, broken: map[string]bool{}}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		corev1.AddToScheme, appsv1.AddToScheme, networkingv1.AddToScheme,
		v1beta1.AddToScheme, rolloutsv1beta1.AddToScheme, v1alpha1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	b := fake.NewClientBuilder().WithScheme(scheme).WithReturnManagedFields().WithStatusSubresource(
		&v1beta1.Application{}, &v1beta1.ApplicationRevision{}, &v1alpha1.ReleaseAction{}, &rolloutsv1beta1.Rollout{})
	if err := Index(t.Context(), builderIndexer{b}); err != nil {
		t.Fatal(err)
	}
	s.client = b.WithInterceptorFuncs(s.interceptor()).Build()
	s.restart()
	return s
}

// restart is a controller that was just started: it remembers nothing.
func (s *stage) restart() {
	s.r = New(s.client, s.client, definition.Builtin(), s.clock)
	n := 0
	s.r.newID = func() string { n++; return fmt.Sprintf("step%06d", n) }
}

// write counts one write and kills the controller where the story says so.
func (s *stage) write(what string, do func() error) error {
	if s.playing {
		return do()
	}
	s.writes++
	s.log = append(s.log, what)
	if s.killAt > 0 && s.writes > s.killAt {
		return errKilled
	}
	if s.writes == s.killAt && !s.after {
		return errKilled
	}
	if err := do(); err != nil {
		return err
	}
	if s.writes == s.killAt {
		return errKilled
	}
	return nil
}

func describe(verb string, o client.Object) string {
	return fmt.Sprintf("%s %s %s", verb, strings.TrimPrefix(fmt.Sprintf("%T", o), "*"), o.GetName())
}

func (s *stage) interceptor() interceptor.Funcs {
	return interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			o.SetUID(types.UID(fmt.Sprintf("uid-%s-%d", o.GetName(), s.writes)))
			return s.write(describe("create", o), func() error { return c.Create(ctx, o, opts...) })
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.UpdateOption) error {
			return s.write(describe("update", o), func() error { return c.Update(ctx, o, opts...) })
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			return s.write(describe("patch", o), func() error { return c.Patch(ctx, o, p, opts...) })
		},
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			named, ok := o.(interface {
				GetName() string
				GetKind() string
			})
			if !ok {
				return fmt.Errorf("%T has no name", o)
			}
			return s.write("apply "+named.GetKind()+" "+named.GetName(), func() error {
				before := s.rolloutSpec(ctx, named.GetKind(), named.GetName())
				if err := c.Apply(ctx, o, opts...); err != nil {
					return err
				}
				return s.bump(ctx, c, named.GetKind(), named.GetName(), before)
			})
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			return s.write(describe("delete", o), func() error { return c.Delete(ctx, o, opts...) })
		},
		SubResourceUpdate: func(ctx context.Context, c client.Client, sub string, o client.Object, opts ...client.SubResourceUpdateOption) error {
			return s.write(describe("status", o), func() error { return c.SubResource(sub).Update(ctx, o, opts...) })
		},
	}
}

func (s *stage) rolloutSpec(ctx context.Context, kind, name string) string {
	if kind != "Rollout" {
		return ""
	}
	ro := &rolloutsv1beta1.Rollout{}
	if s.client.Get(ctx, types.NamespacedName{Namespace: "default", Name: name}, ro) != nil {
		return ""
	}
	raw, err := json.Marshal(ro.Spec)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(raw)
}

// bump raises the generation of a Rollout whose spec changed, as an API server does.
func (s *stage) bump(ctx context.Context, c client.Client, kind, name, before string) error {
	if kind != "Rollout" || s.rolloutSpec(ctx, kind, name) == before {
		return nil
	}
	ro := &rolloutsv1beta1.Rollout{}
	if err := c.Get(ctx, types.NamespacedName{Namespace: "default", Name: name}, ro); err != nil {
		return err
	}
	ro.Generation++
	return c.Update(ctx, ro)
}

// up is what vela up does.
func (s *stage) up(text string) {
	s.t.Helper()
	s.playing = true
	defer func() { s.playing = false }()
	app := &v1beta1.Application{}
	if err := yaml.UnmarshalStrict([]byte(text), app); err != nil {
		s.t.Fatal(err)
	}
	app.Namespace = "default"
	live := &v1beta1.Application{}
	if s.client.Get(s.t.Context(), s.key, live) != nil {
		app.Finalizers = []string{v1beta1.FinalizerResources}
		app.Generation = 1
		if err := s.client.Create(s.t.Context(), app); err != nil {
			s.t.Fatal(err)
		}
		return
	}
	live.Spec, live.Annotations = app.Spec, app.Annotations
	live.Generation++
	if err := s.client.Update(s.t.Context(), live); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) ask(action v1alpha1.Action) string {
	s.t.Helper()
	s.playing = true
	defer func() { s.playing = false }()
	s.actions++
	a := &v1alpha1.ReleaseAction{}
	a.Name, a.Namespace = fmt.Sprintf("canary-demo-%s-%d", action, s.actions), "default"
	a.Spec = v1alpha1.ReleaseActionSpec{Application: "canary-demo", Action: action}
	if err := s.client.Create(s.t.Context(), a); err != nil {
		s.t.Fatal(err)
	}
	return a.Name
}

// release sends a version and lets everything come to rest.
func (s *stage) release(text string) {
	s.t.Helper()
	s.up(text)
	s.settle()
}

// carryOut asks for an action, lets everything come to rest and names the action.
func (s *stage) carryOut(action v1alpha1.Action) string {
	s.t.Helper()
	name := s.ask(action)
	s.settle()
	return name
}

// atFirstGate is a canary of version 2 that waits for its first approval.
func atFirstGate(t *testing.T) *stage {
	t.Helper()
	s := newStage(t)
	s.release(v1)
	s.release(canary("v2"))
	return s
}

// inFirstStep is a canary of version 2 whose pods do not get ready.
func inFirstStep(t *testing.T) *stage {
	t.Helper()
	s := newStage(t)
	s.release(v1)
	s.broken["demo:v2"] = true
	s.release(canary("v2"))
	s.running(t, v1beta1.PhaseRunningWorkflow)
	return s
}

// settle lets the controller and the players take turns until nothing changes, and reports whether it was killed.
func (s *stage) settle() (killed bool) {
	s.t.Helper()
	for range 60 {
		before := s.fingerprint()
		_, err := s.r.Reconcile(s.t.Context(), reconcile.Request{NamespacedName: s.key})
		if errors.Is(err, errKilled) || s.killAt > 0 && s.writes >= s.killAt {
			return true
		}
		if err != nil {
			s.t.Fatalf("Reconcile: %v", err)
		}
		s.play()
		s.clock.SetTime(s.clock.Now().Add(softDelay))
		if s.fingerprint() == before {
			return false
		}
	}
	s.t.Fatalf("the application never comes to rest; last writes: %v", s.log[max(0, len(s.log)-10):])
	return false
}

// fingerprint is every resource version.
func (s *stage) fingerprint() string {
	var b strings.Builder
	for _, l := range lists() {
		if err := s.client.List(s.t.Context(), l); err != nil {
			s.t.Fatal(err)
		}
		raw, err := json.Marshal(l)
		if err != nil {
			s.t.Fatal(err)
		}
		b.Write(raw)
	}
	return b.String()
}

func lists() []client.ObjectList {
	return []client.ObjectList{
		&v1beta1.ApplicationList{}, &v1beta1.ApplicationRevisionList{}, &v1beta1.ResourceTrackerList{}, &rolloutsv1beta1.RolloutList{},
		&v1alpha1.ReleaseActionList{}, &appsv1.DeploymentList{}, &corev1.ServiceList{}, &networkingv1.IngressList{},
	}
}

// play is one turn of the Deployment controller and of the Rollout controller.
func (s *stage) play() {
	s.t.Helper()
	s.playing = true
	defer func() { s.playing = false }()
	rollouts := &rolloutsv1beta1.RolloutList{}
	if err := s.client.List(s.t.Context(), rollouts); err != nil {
		s.t.Fatal(err)
	}
	for i := range rollouts.Items {
		s.playRollout(&rollouts.Items[i])
	}
	services := &corev1.ServiceList{}
	s.must(s.client.List(s.t.Context(), services))
	for i := range services.Items {
		if svc := &services.Items[i]; svc.Spec.ClusterIP == "" {
			svc.Spec.ClusterIP = "10.0.0.1"
			s.must(s.client.Update(s.t.Context(), svc))
		}
	}
	deployments := &appsv1.DeploymentList{}
	if err := s.client.List(s.t.Context(), deployments); err != nil {
		s.t.Fatal(err)
	}
	for i := range deployments.Items {
		d := &deployments.Items[i]
		replicas := int32(1)
		if d.Spec.Replicas != nil {
			replicas = *d.Spec.Replicas
		}
		ready := replicas
		if s.broken[d.Spec.Template.Spec.Containers[0].Image] && d.Annotations[rolloutsv1beta1.AnnotationInProgress] == "" {
			ready = 0
		}
		want := appsv1.DeploymentStatus{Replicas: replicas, ReadyReplicas: ready, UpdatedReplicas: replicas, AvailableReplicas: ready,
			ObservedGeneration: d.Generation}
		if d.Status.ReadyReplicas == want.ReadyReplicas && d.Status.Replicas == want.Replicas {
			continue
		}
		d.Status = want
		s.must(s.client.Status().Update(s.t.Context(), d))
	}
}

func (s *stage) playRollout(ro *rolloutsv1beta1.Rollout) {
	d := &appsv1.Deployment{}
	if err := s.client.Get(s.t.Context(), types.NamespacedName{Namespace: ro.Namespace, Name: ro.Spec.WorkloadRef.Name}, d); err != nil {
		d = nil
	}
	if ro.DeletionTimestamp != nil {
		if d != nil && d.Annotations[rolloutsv1beta1.AnnotationInProgress] != "" {
			delete(d.Annotations, rolloutsv1beta1.AnnotationInProgress)
			s.must(s.client.Update(s.t.Context(), d))
			return // one thing at a time, so that a deletion takes a while
		}
		ro.Finalizers = nil
		s.must(s.client.Update(s.t.Context(), ro))
		return
	}
	if d == nil {
		return
	}
	st, before := &ro.Status, ro.Status.DeepCopy()
	done := st.Phase == rolloutsv1beta1.PhaseHealthy && st.CanaryStatus != nil && st.CanaryStatus.ObservedReleaseID == ro.Spec.ReleaseID
	hold := fmt.Sprintf(`{"rolloutName":%q,"releaseID":%q}`, ro.Name, ro.Spec.ReleaseID)
	held := d.Annotations[rolloutsv1beta1.AnnotationInProgress] == hold
	if st.ObservedGeneration == ro.Generation && (done || held && st.CurrentStepState == rolloutsv1beta1.StepPaused) {
		return
	}
	if !done && !held {
		if d.Annotations == nil {
			d.Annotations = map[string]string{}
		}
		d.Annotations[rolloutsv1beta1.AnnotationInProgress] = hold
		s.must(s.client.Update(s.t.Context(), d))
	}
	st.ObservedGeneration = ro.Generation
	st.Phase = rolloutsv1beta1.PhaseProgressing
	st.CanaryStatus = &rolloutsv1beta1.CanaryStatus{ObservedReleaseID: ro.Spec.ReleaseID}
	st.CurrentStepState, st.Message = rolloutsv1beta1.StepUpgrade, "Rollout is in step(1/1), and upgrade workload to new version"
	switch {
	case d.Labels[v1beta1.LabelAppRevision] != ro.Spec.ReleaseID || ro.Spec.Strategy.Paused || s.broken[d.Spec.Template.Spec.Containers[0].Image]:
	case *ro.Spec.Strategy.Canary.Steps[0].Traffic == "100%":
		delete(d.Annotations, rolloutsv1beta1.AnnotationInProgress)
		s.must(s.client.Update(s.t.Context(), d))
		st.Phase, st.CurrentStepState, st.Message = rolloutsv1beta1.PhaseHealthy, rolloutsv1beta1.StepCompleted, "Rollout progressing has been completed"
	default:
		st.CurrentStepState = rolloutsv1beta1.StepPaused
		st.Message = "Rollout is in step(1/1), and you need manually confirm to enter the next step"
	}
	if st.CurrentStepState == rolloutsv1beta1.StepUpgrade {
		st.ObservedGeneration-- // look again
	}
	if !equality.Semantic.DeepEqual(st, before) {
		s.must(s.client.Status().Update(s.t.Context(), ro))
	}
}

func (s *stage) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *stage) app() *v1beta1.Application {
	s.t.Helper()
	app := &v1beta1.Application{}
	s.must(s.client.Get(s.t.Context(), s.key, app))
	return app
}

func (s *stage) deployment() *appsv1.Deployment {
	s.t.Helper()
	d := &appsv1.Deployment{}
	s.must(s.client.Get(s.t.Context(), s.key, d))
	return d
}

func (s *stage) action(name string) *v1alpha1.ReleaseAction {
	s.t.Helper()
	a := &v1alpha1.ReleaseAction{}
	s.must(s.client.Get(s.t.Context(), types.NamespacedName{Namespace: "default", Name: name}, a))
	return a
}

func (s *stage) revision(name string) *v1beta1.ApplicationRevision {
	s.t.Helper()
	rev := &v1beta1.ApplicationRevision{}
	s.must(s.client.Get(s.t.Context(), types.NamespacedName{Namespace: "default", Name: name}, rev))
	return rev
}

func (s *stage) revisions() []string {
	s.t.Helper()
	l := &v1beta1.ApplicationRevisionList{}
	s.must(s.client.List(s.t.Context(), l))
	var names []string
	for _, r := range l.Items {
		names = append(names, fmt.Sprintf("%s:%v", r.Name, r.Status.Succeeded))
	}
	return names
}

func (s *stage) image() string { return s.deployment().Spec.Template.Spec.Containers[0].Image }

func (s *stage) running(t *testing.T, phase v1beta1.ApplicationPhase) {
	t.Helper()
	if got := s.app().Status.Phase; got != phase {
		raw, _ := json.MarshalIndent(s.app().Status, "", " ")
		t.Fatalf("phase is %s, want %s; status: %s\nwrites: %s", got, phase, raw, strings.Join(s.log, "\n"))
	}
}

const v1 = `
apiVersion: core.oam.dev/v1beta1
kind: Application
metadata:
  name: canary-demo
  annotations: {app.oam.dev/publishVersion: v1}
spec:
  components:
  - name: canary-demo
    type: webservice
    properties: {image: "demo:v1", ports: [{port: 8090}]}
    traits:
    - {type: scaler, properties: {replicas: 5}}
    - {type: gateway, properties: {domain: canary-demo.com, http: {"/version": 8090}}}
`

// canary is v1's YAML as version, with the page's workflow.
func canary(version string) string {
	text := strings.ReplaceAll(v1, "v1}", version+"}")
	text = strings.ReplaceAll(text, "demo:v1", "demo:"+version)
	return text + `
  workflow:
    steps:
    - {type: canary-deploy, name: rollout-20, properties: {weight: 20}}
    - {name: suspend-1st, type: suspend}
    - {type: canary-deploy, name: rollout-50, properties: {weight: 50}}
    - {name: suspend-2nd, type: suspend}
    - {type: canary-deploy, name: rollout-100, properties: {weight: 100}}
`
}

func items(t *testing.T, l client.ObjectList) []runtime.Object {
	t.Helper()
	all, err := meta.ExtractList(l)
	if err != nil {
		t.Fatal(err)
	}
	return all
}
