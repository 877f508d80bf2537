// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// subject is the name of a story's workload, its Service, its Ingress and its Rollout.
const subject = "shop"

const (
	canaryRoute   = subject + "-canary"
	stableService = subject + "-stable"
	canaryService = subject + "-canary"
)

func image(version string) string { return "wangyikewyk/canarydemo:" + version }

// workload is a Deployment of version 1 behind a Service and an Ingress, with a Rollout of its own.
type workload struct {
	name     string // subject where it is empty
	replicas int32
	steps    []string // shares; each waits for approval
	deadline int32    // progressDeadlineSeconds, 600 where it is 0
	minReady int32    // minReadySeconds
	gated    bool     // pods are ready only when the story says so
	path     string   // of the Ingress, / where it is empty
	ingress  string   // that the routes are in; its own where it is empty
}

// deploy applies all of a workload and waits until its pods are ready and the Rollout waits for a release.
func (s *story) deploy(w workload) {
	s.Helper()
	if w.name == "" {
		w.name = subject
	}
	if w.path == "" {
		w.path = "/"
	}
	for _, o := range w.objects(s) {
		s.must(s.objects.Create(s.ctx, o))
	}
	if w.gated {
		defer s.keepOpen("v1")()
	}
	s.until("version 1 runs", func() (bool, string) {
		d := &appsv1.Deployment{}
		s.get(d, w.name)
		return d.Status.ReadyReplicas == w.replicas, fmt.Sprintf("%d pods are ready", d.Status.ReadyReplicas)
	})
	s.atRest(w.name)
}

func (w workload) objects(s *story) []client.Object {
	labels := map[string]string{"app": w.name}
	meta := metav1.ObjectMeta{Namespace: s.ns, Name: w.name}
	pod := corev1.PodSpec{
		TerminationGracePeriodSeconds: new(int64(15)),
		Containers: []corev1.Container{{
			Name: "demo", Image: image("v1"), ImagePullPolicy: corev1.PullNever,
			Ports:          []corev1.ContainerPort{{ContainerPort: 8090}},
			ReadinessProbe: probe("/healthz"),
			Lifecycle:      &corev1.Lifecycle{PreStop: &corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 2}}},
		}},
	}
	if w.gated {
		pod.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: gateCondition}}
	}
	prefix := networkingv1.PathTypePrefix
	ro := &rollouts.Rollout{ObjectMeta: meta, Spec: rollouts.RolloutSpec{
		WorkloadRef: rollouts.ObjectRef{APIVersion: "apps/v1", Kind: "Deployment", Name: w.name},
		Strategy: rollouts.Strategy{Canary: &rollouts.CanaryStrategy{
			Steps:           steps(w.steps...),
			TrafficRoutings: []rollouts.TrafficRouting{{Service: w.name, Ingress: &rollouts.IngressRouting{Name: w.name}}},
		}},
	}}
	objects := []client.Object{
		&appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{
			Replicas: &w.replicas, Selector: &metav1.LabelSelector{MatchLabels: labels}, ProgressDeadlineSeconds: new(w.deadline), MinReadySeconds: w.minReady,
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod},
		}},
		&corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{Selector: labels, Ports: []corev1.ServicePort{{Port: 8090}}}},
	}
	if w.deadline == 0 {
		objects[0].(*appsv1.Deployment).Spec.ProgressDeadlineSeconds = nil
	}
	if w.ingress == "" {
		objects = append(objects, &networkingv1.Ingress{ObjectMeta: meta, Spec: networkingv1.IngressSpec{
			IngressClassName: new("nginx"), Rules: []networkingv1.IngressRule{rule(s.host(), path(w.path, prefix, w.name))},
		}})
	} else {
		ro.Spec.Strategy.Canary.TrafficRoutings[0].Ingress.Name = w.ingress
	}
	return append(objects, ro)
}

func rule(host string, paths ...networkingv1.HTTPIngressPath) networkingv1.IngressRule {
	return networkingv1.IngressRule{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: paths}}}
}

func path(path string, kind networkingv1.PathType, service string) networkingv1.HTTPIngressPath {
	return networkingv1.HTTPIngressPath{Path: path, PathType: &kind, Backend: networkingv1.IngressBackend{
		Service: &networkingv1.IngressServiceBackend{Name: service, Port: networkingv1.ServiceBackendPort{Number: 8090}},
	}}
}

func probe(path string) *corev1.Probe {
	return &corev1.Probe{PeriodSeconds: 1, ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(8090)}}}
}

func steps(shares ...string) []rollouts.Step {
	var all []rollouts.Step
	for _, share := range shares {
		all = append(all, rollouts.Step{Traffic: &share})
	}
	return all
}

// release changes the pod template to a version, as kubectl would, and whatever else is to be changed of it.
func (s *story) release(version string, edits ...func(*corev1.PodTemplateSpec)) time.Time {
	s.Helper()
	return s.releaseOf(subject, version, edits...)
}

func (s *story) releaseOf(name, version string, edits ...func(*corev1.PodTemplateSpec)) time.Time {
	s.Helper()
	asked := time.Now()
	s.again(func() error {
		d := &appsv1.Deployment{}
		s.get(d, name)
		d.Spec.Template.Spec.Containers[0].Image = image(version)
		for _, edit := range edits {
			edit(&d.Spec.Template)
		}
		asked = time.Now()
		return s.objects.Update(s.ctx, d)
	})
	return asked
}

// rollout reads the Rollout.
func (s *story) rollout(name string) *rollouts.Rollout {
	s.Helper()
	ro := &rollouts.Rollout{}
	s.get(ro, name)
	return ro
}

// atStep waits until the release waits at a step, from 1, and every router serves what is asked for.
func (s *story) atStep(step int32) { s.Helper(); s.atStepOf(subject, step) }

func (s *story) atStepOf(name string, step int32) {
	s.Helper()
	s.until(fmt.Sprintf("%s is at step %d", name, step), func() (bool, string) {
		ro := s.rollout(name)
		cs := ro.Status.CanaryStatus
		return cs != nil && ro.Status.CurrentStepState == rollouts.StepPaused && ro.Status.CurrentStepIndex == step &&
			cs.ServedWeight != nil && cs.DesiredWeight != nil && *cs.ServedWeight == *cs.DesiredWeight, told(ro)
	})
}

// atRest waits until one version serves and nothing is to do.
func (s *story) atRest(name string) {
	s.Helper()
	s.until(name+" is at rest", func() (bool, string) {
		ro := s.rollout(name)
		return ro.Status.Phase == rollouts.PhaseHealthy && ro.Status.ObservedGeneration == ro.Generation, told(ro)
	})
}

// over waits until a release has ended, with all pods of one version, and without what was there for the release alone.
func (s *story) over(version string) { s.Helper(); s.overOf(subject, version) }

func (s *story) overOf(name, version string) {
	s.Helper()
	s.atRest(name)
	d := &appsv1.Deployment{}
	s.get(d, name)
	s.podsAreOf(name, map[string]int32{version: *d.Spec.Replicas})
	s.until("no helper is left", func() (bool, string) {
		left := s.helpers(name)
		return len(left) == 0, fmt.Sprint(left)
	})
}

// helpers are the objects that are there for a release alone.
func (s *story) helpers(name string) []string {
	s.Helper()
	var left []string
	if s.get(&networkingv1.Ingress{}, name+"-canary") {
		left = append(left, "Ingress "+name+"-canary")
	}
	for _, service := range []string{name + "-stable", name + "-canary"} {
		if s.get(&corev1.Service{}, service) {
			left = append(left, "Service "+service)
		}
	}
	return left
}

// told is what a Rollout says.
func told(ro *rollouts.Rollout) string {
	text, err := json.Marshal(ro.Status)
	if err != nil {
		return err.Error()
	}
	return "the Rollout says " + string(text)
}

// approve goes on from the step that the release waits at, as kubectl-kruise does.
func (s *story) approve() time.Time { s.Helper(); return s.approveOf(subject) }

func (s *story) approveOf(name string) time.Time {
	s.Helper()
	asked := time.Now()
	s.again(func() error {
		ro := s.rollout(name)
		asked = time.Now()
		err := s.objects.Status().Patch(s.ctx, ro, client.RawPatch(types.MergePatchType,
			[]byte(`{"status":{"currentStepState":"StepReady","canaryStatus":{"currentStepState":"StepReady"}}}`)))
		if apierrors.IsConflict(err) {
			return nil
		}
		return err
	})
	return asked
}

// scale asks for a number of pods, as kubectl scale or an autoscaler does.
func (s *story) scale(replicas int32) {
	s.Helper()
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: s.ns, Name: subject}}
	s.must(s.objects.Patch(s.ctx, d, client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas))))
}

// pods lists the pods of a version that are not going.
func (s *story) pods(name, version string) []corev1.Pod {
	s.Helper()
	return slices.DeleteFunc(s.allPods(name), func(p corev1.Pod) bool {
		return p.DeletionTimestamp != nil || p.Spec.Containers[0].Image != image(version)
	})
}

// allPods lists the pods of a workload: its own, or an Application's component.
func (s *story) allPods(name string) []corev1.Pod {
	s.Helper()
	list := &corev1.PodList{}
	s.must(s.objects.List(s.ctx, list, client.InNamespace(s.ns)))
	return slices.DeleteFunc(list.Items, func(p corev1.Pod) bool {
		return p.Labels["app"] != name && p.Labels["app.oam.dev/component"] != name
	})
}

// podsAre waits until there are exactly these ready pods, by version.
func (s *story) podsAre(want map[string]int32) { s.Helper(); s.podsAreOf(subject, want) }

func (s *story) podsAreOf(name string, want map[string]int32) {
	s.Helper()
	s.until(fmt.Sprintf("pods are %v", want), func() (bool, string) {
		got := map[string]int32{}
		for _, pod := range s.allPods(name) {
			p := &pod
			key := strings.TrimPrefix(p.Spec.Containers[0].Image, image(""))
			switch {
			case p.DeletionTimestamp != nil:
				key += " going"
			case !ready(p):
				key += " not ready"
			}
			got[key]++
		}
		return maps.Equal(got, want), fmt.Sprintf("they are %v", got)
	})
}

func ready(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// gateCondition is the condition that pods with a gate wait for.
const gateCondition = "vela.test/open"

// gate opens the readiness gates of the pods of a version that there are now.
func (s *story) gate(version string) { s.Helper(); s.must(s.setGates(version, corev1.ConditionTrue)) }

func (s *story) setGates(version string, status corev1.ConditionStatus) error {
	list := &corev1.PodList{}
	if err := s.objects.List(s.ctx, list, client.InNamespace(s.ns)); err != nil {
		return err
	}
	patch := fmt.Appendf(nil, `{"status":{"conditions":[{"type":%q,"status":%q}]}}`, gateCondition, status)
	for i := range list.Items {
		p := &list.Items[i]
		if p.DeletionTimestamp != nil || p.Spec.Containers[0].Image != image(version) {
			continue
		}
		_, err := s.kube.CoreV1().Pods(s.ns).Patch(s.ctx, p.Name, types.StrategicMergePatchType, patch, metav1.PatchOptions{}, "status")
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

// repeat does something again and again until the returned function is called or the story ends. It runs beside the story, so
// that what can't be done at the end of it is no failure.
func (s *story) repeat(every time.Duration, do func()) (stop func()) {
	end, ended, once := make(chan struct{}), make(chan struct{}), sync.Once{}
	go func() {
		defer close(ended)
		for {
			do()
			select {
			case <-end:
				return
			case <-time.After(every):
			}
		}
	}()
	stop = func() { once.Do(func() { close(end) }); <-ended }
	s.Cleanup(stop)
	return stop
}

// picture is what there is in the namespace, for a person who looks at a failure.
func (s *story) picture() string {
	var b strings.Builder
	ctx := s.kube.CoreV1()
	list, err := ctx.Pods(s.ns).List(s.detached(), metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	for i := range list.Items {
		p := &list.Items[i]
		fmt.Fprintf(&b, "pod %s %s ready=%v going=%v\n", p.Name, p.Spec.Containers[0].Image, ready(p), p.DeletionTimestamp != nil)
	}
	all := &rollouts.RolloutList{}
	if err := s.objects.List(s.detached(), all, client.InNamespace(s.ns)); err != nil {
		return err.Error()
	}
	for i := range all.Items {
		fmt.Fprintf(&b, "rollout %s: %s\n", all.Items[i].Name, told(&all.Items[i]))
	}
	events, err := ctx.Events(s.ns).List(s.detached(), metav1.ListOptions{})
	if err != nil {
		return err.Error()
	}
	for i := range events.Items {
		e := &events.Items[i]
		if e.InvolvedObject.Kind != "Pod" {
			fmt.Fprintf(&b, "event %s %s/%s: %s: %s\n", e.LastTimestamp.Format("15:04:05"), e.InvolvedObject.Kind, e.InvolvedObject.Name, e.Reason, e.Message)
		}
	}
	return b.String()
}
