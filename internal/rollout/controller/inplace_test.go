// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
)

// brokenImage is one whose pods never become ready.
const brokenImage = "broken"

// readyPods counts the pods that a selector with a revision finds.
func (b *bench) readyPods(selector map[string]string) int {
	if selector[appsv1.ControllerRevisionHashLabelKey]+selector[appsv1.DefaultDeploymentUniqueLabelKey] == "" {
		return 0
	}
	n := 0
	for _, p := range b.pods() {
		if labels.SelectorFromSet(selector).Matches(labels.Set(p.Labels)) && len(p.Status.Conditions) > 0 && p.Status.Conditions[0].Status == corev1.ConditionTrue {
			n++
		}
	}
	return n
}

// pods gives all pods by name.
func (b *bench) pods() []corev1.Pod {
	list := &corev1.PodList{}
	b.must(b.api.List(b.t.Context(), list))
	slices.SortFunc(list.Items, func(x, y corev1.Pod) int { return strings.Compare(x.Name, y.Name) })
	return list.Items
}

// revision records a template as the native controllers do, and gives what pods of it are labelled with.
func (b *bench) revision(owner client.Object, kind string, template corev1.PodTemplateSpec) string {
	image := template.Spec.Containers[0].Image
	data, err := json.Marshal(map[string]any{"spec": map[string]any{"template": template, "$patch": "replace"}})
	b.must(err)
	r := &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "demo-" + image, Labels: map[string]string{"app": "demo", appsv1.ControllerRevisionHashLabelKey: image},
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(owner, kindOf(kind))}},
		Data: runtime.RawExtension{Raw: data}, Revision: 1,
	}
	if !b.find("default/"+r.Name, &appsv1.ControllerRevision{}) {
		b.must(b.api.Create(b.t.Context(), r))
	}
	if kind == "DaemonSet" {
		return image
	}
	return r.Name
}

func kindOf(kind string) schema.GroupVersionKind {
	if kind == workload.KindCloneSet {
		return workload.CloneSetKind()
	}
	return appsv1.SchemeGroupVersion.WithKind(kind)
}

func (b *bench) makePod(owner client.Object, kind, name, revision string) {
	status := corev1.ConditionTrue
	if strings.HasSuffix(revision, brokenImage) {
		status = corev1.ConditionFalse
	}
	b.made++
	labels := map[string]string{"app": "demo", appsv1.ControllerRevisionHashLabelKey: revision}
	if kind == workload.KindCloneSet {
		labels[appsv1.DefaultDeploymentUniqueLabelKey] = strings.TrimPrefix(revision, "demo-")
	}
	b.must(b.api.Create(b.t.Context(), &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID(fmt.Sprintf("uid-pod-%d", b.made)), Labels: labels,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(owner, kindOf(kind))}},
		Spec:   corev1.PodSpec{NodeName: "node"},
		Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: status}}},
	}))
}

// replaceInPlace is what the native controllers do of what replaces its pods in place.
func (b *bench) replaceInPlace() {
	b.t.Helper()
	s, d := &appsv1.StatefulSet{}, &appsv1.DaemonSet{}
	if b.find("default/demo", s) {
		b.statefulSet(s)
	}
	if b.find("default/demo", d) {
		b.daemonSet(d)
	}
	if c := objectOf(workload.CloneSetKind()); b.find("default/demo", c) {
		b.cloneSet(c)
	}
}

func (b *bench) statefulSet(s *appsv1.StatefulSet) {
	update := b.revision(s, "StatefulSet", s.Spec.Template)
	if s.Status.CurrentRevision == "" {
		s.Status.CurrentRevision = update
	}
	partition := 0
	if u := s.Spec.UpdateStrategy.RollingUpdate; u != nil && u.Partition != nil {
		partition = int(*u.Partition)
	}
	place := func(i int) *corev1.Pod {
		p := &corev1.Pod{}
		name := fmt.Sprintf("demo-%d", i)
		if !b.find("default/"+name, p) {
			revision := update
			if i < partition && s.Spec.UpdateStrategy.Type == appsv1.RollingUpdateStatefulSetStrategyType {
				revision = s.Status.CurrentRevision
			}
			b.makePod(s, "StatefulSet", name, revision)
			b.find("default/"+name, p)
		}
		return p
	}
	s.Status.Replicas, s.Status.UpdatedReplicas, s.Status.ReadyReplicas = *s.Spec.Replicas, 0, 0
	whole := true // a set whose pods are ready in order goes no further than the first that is not
	for i := range int(*s.Spec.Replicas) {
		whole = whole && place(i).Status.Conditions[0].Status == corev1.ConditionTrue
	}
	for i := int(*s.Spec.Replicas) - 1; i >= partition && whole && s.Spec.UpdateStrategy.Type == appsv1.RollingUpdateStatefulSetStrategyType; i-- {
		if p := place(i); p.Labels[appsv1.ControllerRevisionHashLabelKey] != update {
			b.must(b.api.Delete(b.t.Context(), p))
			whole = place(i).Status.Conditions[0].Status == corev1.ConditionTrue
		}
	}
	for i := range int(*s.Spec.Replicas) {
		p := place(i)
		if p.Labels[appsv1.ControllerRevisionHashLabelKey] == update {
			s.Status.UpdatedReplicas++
		}
		if p.Status.Conditions[0].Status == corev1.ConditionTrue {
			s.Status.ReadyReplicas++
		}
	}
	s.Status.AvailableReplicas, s.Status.UpdateRevision, s.Status.ObservedGeneration = s.Status.ReadyReplicas, update, s.Generation
	rolls := s.Spec.UpdateStrategy.Type == appsv1.RollingUpdateStatefulSetStrategyType
	if rolls && s.Status.UpdatedReplicas == *s.Spec.Replicas && s.Status.ReadyReplicas == *s.Spec.Replicas {
		s.Status.CurrentRevision = update
	}
	b.must(b.api.Status().Update(b.t.Context(), s))
}

func (b *bench) daemonSet(d *appsv1.DaemonSet) {
	hash := b.revision(d, "DaemonSet", d.Spec.Template)
	updated, ready := int32(0), int32(0)
	for i := range int(d.Status.DesiredNumberScheduled) {
		p, name := &corev1.Pod{}, fmt.Sprintf("demo-%d", i)
		if !b.find("default/"+name, p) {
			b.makePod(d, "DaemonSet", name, hash)
			b.find("default/"+name, p)
		}
		if d.Spec.UpdateStrategy.Type == appsv1.RollingUpdateDaemonSetStrategyType && p.Labels[appsv1.ControllerRevisionHashLabelKey] != hash {
			b.must(b.api.Delete(b.t.Context(), p))
			b.makePod(d, "DaemonSet", name, hash)
			b.find("default/"+name, p)
		}
		if p.Labels[appsv1.ControllerRevisionHashLabelKey] == hash {
			updated++
		}
		if p.Status.Conditions[0].Status == corev1.ConditionTrue {
			ready++
		}
	}
	st := &d.Status
	st.CurrentNumberScheduled, st.UpdatedNumberScheduled, st.NumberAvailable, st.NumberReady = st.DesiredNumberScheduled, updated, ready, ready
	st.ObservedGeneration = d.Generation
	b.must(b.api.Status().Update(b.t.Context(), d))
}

// demoOf is demo with a workload of another kind, of three pods.
func demoOf(kind string) []client.Object {
	three, zero, one := int32(3), int32(0), intstr.FromInt32(1)
	selector := &metav1.LabelSelector{MatchLabels: map[string]string{"app": "demo"}}
	template := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: selector.MatchLabels}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "demo", Image: "v1"}}}}
	meta := metav1.ObjectMeta{Namespace: "default", Name: "demo", UID: "uid-demo", Generation: 1, Labels: map[string]string{corev1beta1.LabelAppRevision: "demo-v1"}}
	var is client.Object = &appsv1.StatefulSet{ObjectMeta: meta, Spec: appsv1.StatefulSetSpec{
		Replicas: &three, Selector: selector, Template: template,
		UpdateStrategy: appsv1.StatefulSetUpdateStrategy{Type: appsv1.RollingUpdateStatefulSetStrategyType, RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: &zero, MaxUnavailable: &one}},
	}}
	if kind == "DaemonSet" {
		is = &appsv1.DaemonSet{ObjectMeta: meta, Spec: appsv1.DaemonSetSpec{Selector: selector, Template: template,
			UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.RollingUpdateDaemonSetStrategyType, RollingUpdate: &appsv1.RollingUpdateDaemonSet{MaxUnavailable: &one}}},
			Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 3}}
	}
	if kind == workload.KindCloneSet {
		is = clonesOf(meta, selector, template)
	}
	out := []client.Object{is}
	for _, o := range demo() {
		switch is := o.(type) {
		case *appsv1.Deployment, *appsv1.ReplicaSet:
			continue
		case *v1beta1.Rollout:
			is.Spec.WorkloadRef.Kind, is.Spec.WorkloadRef.APIVersion = kind, kindOf(kind).GroupVersion().String()
		}
		out = append(out, o)
	}
	return out
}

// applyOf changes the template of a workload of any kind.
func (b *bench) applyOf(release, image string) {
	b.t.Helper()
	for _, o := range []client.Object{&appsv1.StatefulSet{}, &appsv1.DaemonSet{}, objectOf(workload.CloneSetKind())} {
		if !b.find("default/demo", o) {
			continue
		}
		labels := o.GetLabels()
		labels[corev1beta1.LabelAppRevision] = release
		o.SetLabels(labels)
		switch is := o.(type) {
		case *unstructured.Unstructured:
			b.must(unstructured.SetNestedSlice(is.Object, []any{map[string]any{"name": "demo", "image": image}}, "spec", "template", "spec", "containers"))
		case *appsv1.StatefulSet:
			is.Spec.Template.Spec.Containers[0].Image = image
		case *appsv1.DaemonSet:
			is.Spec.Template.Spec.Containers[0].Image = image
		}
		o.SetGeneration(o.GetGeneration() + 1)
		b.must(b.api.Update(b.t.Context(), o))
	}
	b.cluster()
}

// images tells the version of each pod and which pods they are.
func (b *bench) images() (versions string, uids []string) {
	var all []string
	for _, p := range b.pods() {
		all = append(all, strings.TrimPrefix(p.Labels[appsv1.ControllerRevisionHashLabelKey], "demo-"))
		uids = append(uids, string(p.UID))
	}
	return strings.Join(all, " "), uids
}

// stateOf is what has to be the same at the end, whatever happened on the way.
func (b *bench) stateOf() string {
	b.t.Helper()
	versions, _ := b.images()
	out := []string{"pods " + versions}
	s, d, i := &appsv1.StatefulSet{}, &appsv1.DaemonSet{}, &networkingv1.Ingress{}
	if b.find("default/demo", s) {
		out = append(out, fmt.Sprint(s.Spec.UpdateStrategy.Type, " ", s.Spec.UpdateStrategy.RollingUpdate, s.Annotations, s.Labels))
	}
	if b.find("default/demo", d) {
		out = append(out, fmt.Sprint(d.Spec.UpdateStrategy.Type, " ", d.Spec.UpdateStrategy.RollingUpdate, d.Annotations, d.Labels))
	}
	if c := objectOf(workload.CloneSetKind()); b.find("default/demo", c) {
		strategy, _, err := unstructured.NestedMap(c.Object, "spec", "updateStrategy")
		b.must(err)
		out = append(out, fmt.Sprint(strategy, c.GetAnnotations(), c.GetLabels()))
	}
	b.find("default/demo", i)
	out = append(out, i.Spec.Rules[0].HTTP.Paths[0].Backend.Service.Name)
	services := &corev1.ServiceList{}
	b.must(b.api.List(b.t.Context(), services))
	for _, s := range services.Items {
		out = append(out, "Service "+s.Name)
	}
	ro := b.rollout()
	return strings.Join(append(out, fmt.Sprint(ro.Status.Phase, " ", ro.Status.CurrentStepState)), "\n")
}

func releasedInPlace(b *bench) {
	b.settle()
	b.ask("demo-v2", "33%")
	b.settle()
	b.applyOf("demo-v2", "v2")
	b.settle()
	b.ask("demo-v2", "66%")
	b.settle()
	b.ask("demo-v2", "100%")
	b.settle()
}

func brokenInPlace(b *bench) {
	b.settle()
	b.ask("demo-v2", "33%")
	b.settle()
	b.applyOf("demo-v2", brokenImage)
	b.settle()
	b.ask("demo-v1", "33%")
	b.settle()
	b.applyOf("demo-v1", "v1")
	b.settle()
}

func TestWorkloadsInPlaceAreReleasedPodByPod(t *testing.T) {
	for kind, order := range map[string][]string{"StatefulSet": {"v1 v1 v2", "v1 v2 v2"}, "DaemonSet": {"v2 v1 v1", "v2 v2 v1"}, "CloneSet": {"v1 v1 v2", "v1 v2 v2"}} {
		t.Run(kind, func(t *testing.T) {
			b := newBench(t, demoOf(kind)...)
			b.cluster()
			b.settle()
			_, before := b.images()
			b.ask("demo-v2", "33%")
			b.settle()
			b.applyOf("demo-v2", "v2")
			for i, share := range []string{"33%", "66%"} {
				b.ask("demo-v2", share)
				b.settle()
				versions, uids := b.images()
				if versions != order[i] {
					t.Errorf("at %s the pods are %s, want %s; %s", share, versions, order[i], b.rollout().Status.Message)
				}
				for at, version := range strings.Fields(versions) {
					if kept := uids[at] == before[at]; kept != (version == "v1") {
						t.Errorf("at %s pod %d of %s is the one of before: %v", share, at, version, kept)
					}
				}
				if st := b.rollout().Status; st.CurrentStepState != v1beta1.StepPaused || fmt.Sprintf("%d%%", *st.CanaryStatus.ServedWeight) != share {
					t.Errorf("at %s the status says %s, %s", share, st.CurrentStepState, st.Message)
				}
			}
			b.ask("demo-v2", "100%")
			b.settle()
			want := b.stateOf()
			if !strings.HasPrefix(want, "pods v2 v2 v2\n") || kind != "CloneSet" && !strings.HasPrefix(want, "pods v2 v2 v2\nRollingUpdate &") || strings.Contains(want, "kruise") || strings.Contains(want, "Service demo-stable") {
				t.Errorf("at the end it is\n%s", want)
			}
			b.writes = nil
			b.settle()
			if len(b.writes) > 0 {
				t.Errorf("at rest it writes: %s", strings.Join(b.writes, "; "))
			}
		})
	}
}

func TestABrokenVersionInPlaceIsTakenBackAndTouchesNoOtherPod(t *testing.T) {
	for _, kind := range []string{"StatefulSet", "DaemonSet", "CloneSet"} {
		t.Run(kind, func(t *testing.T) {
			b := newBench(t, demoOf(kind)...)
			b.cluster()
			b.settle()
			_, before := b.images()
			brokenInPlace(b)
			versions, after := b.images()
			if versions != "v1 v1 v1" {
				t.Errorf("pods %s", versions)
			}
			same := 0
			for i := range before {
				if before[i] == after[i] {
					same++
				}
			}
			if same != 2 {
				t.Errorf("%d pods are the ones of before, want 2: %v, %v", same, before, after)
			}
			if !slices.Contains(b.events, "RolledBack") {
				t.Errorf("events %v", b.events)
			}
		})
	}
}

func TestInPlaceKilledAfterEachWriteItEndsTheSame(t *testing.T) {
	for name, play := range map[string]func(*bench){"a release": releasedInPlace, "a broken version taken back": brokenInPlace} {
		for _, kind := range []string{"StatefulSet", "DaemonSet", "CloneSet"} {
			t.Run(kind+", "+name, func(t *testing.T) {
				calm := newBench(t, demoOf(kind)...)
				calm.cluster()
				play(calm)
				want := calm.stateOf()
				t.Logf("%d writes: %s\n%s", len(calm.writes), strings.Join(calm.writes, "; "), want)
				for k := 1; k <= len(calm.writes); k++ {
					b := newBench(t, demoOf(kind)...)
					b.cluster()
					b.killAt = k
					play(b)
					if diff := cmp.Diff(want, b.stateOf()); diff != "" {
						t.Fatalf("killed after write %d (%s) it ends otherwise:\n%s", k, calm.writes[k-1], diff)
					}
				}
			})
		}
	}
}
