// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// weight is what the canary route asks for; "" where there is none.
func (s *story) weight() string {
	s.Helper()
	route := &networkingv1.Ingress{}
	s.get(route, canaryRoute)
	return route.Annotations["nginx.ingress.kubernetes.io/canary-weight"]
}

// uids names the pods of a version.
func (s *story) uids(version string) []types.UID {
	s.Helper()
	var all []types.UID
	for _, p := range s.pods(subject, version) {
		all = append(all, p.UID)
	}
	slices.Sort(all)
	return all
}

// deadlineFires waits until the Rollout says that its step made no progress in time.
func (s *story) deadlineFires() {
	s.Helper()
	s.until("the deadline fires", func() (bool, string) {
		ro := s.rollout(subject)
		c := meta.FindStatusCondition(ro.Status.Conditions, rollouts.ConditionProgressing)
		return c != nil && c.Reason == rollouts.ReasonDeadlineExceeded, told(ro)
	})
}

func TestNewPodsThatNeverGetReady(t *testing.T) {
	s := begin(t, 1, "New pods never get ready: a program that ends, a probe that fails, an image that is not there")
	s.deploy(workload{replicas: 5, steps: []string{"20%", "50%", "100%"}, deadline: 8})
	s.startLoad()
	before := s.uids("v1")
	ways := map[string]func(*corev1.PodTemplateSpec){
		"a program that ends":        func(p *corev1.PodTemplateSpec) { p.Spec.Containers[0].Image = image("broken") },
		"a probe that fails":         func(p *corev1.PodTemplateSpec) { p.Spec.Containers[0].ReadinessProbe = probe("/nowhere") },
		"an image that is not there": func(p *corev1.PodTemplateSpec) { p.Spec.Containers[0].Image = image("v99") },
	}
	for _, way := range slices.Sorted(maps.Keys(ways)) {
		asked := s.release("v2", ways[way])
		s.deadlineFires()
		s.effect(way+" → deadline of 8 s told", asked)
		if w := s.weight(); w != "0" {
			s.Errorf("%s: the weight is %q, want 0", way, w)
		}
		s.share("V1", 100)
		back := s.release("v1", func(p *corev1.PodTemplateSpec) { p.Spec.Containers[0].ReadinessProbe = probe("/healthz") })
		s.over("v1")
		s.effect("taken back → all of it gone", back)
		if after := s.uids("v1"); !slices.Equal(before, after) {
			s.Errorf("%s: pods of version 1 were %v, are %v", way, before, after)
		}
	}
	s.neverSent("V2")
}

func TestPodsThatFlap(t *testing.T) {
	s := begin(t, 2, "Pods of the new version get ready and unready every few seconds at 50 %")
	s.deploy(workload{replicas: 4, steps: []string{"50%", "100%"}, deadline: 15, gated: true, minReady: 5})
	s.startLoad()
	s.release("v2")
	s.gateUntil("v2", func() { s.atStep(1) })
	s.share("V2", 50)
	stop := s.flap("v2", 3*time.Second)
	approved := s.approve()
	s.within(60*time.Second, "the deadline fires although pods come and go", func() (bool, string) {
		ro := s.rollout(subject)
		c := meta.FindStatusCondition(ro.Status.Conditions, rollouts.ConditionProgressing)
		return c != nil && c.Reason == rollouts.ReasonDeadlineExceeded, told(ro)
	})
	s.effect("approved → deadline of 15 s told", approved)
	if n := len(s.pods(subject, "v1")); n == 0 {
		s.Error("no pod of version 1 is left although version 2 was not ready for long at any time")
	}
	back := s.release("v1")
	s.takenBack("taken back → last request to V2", "V2", back)
	stop()
	s.gateUntil("v1", func() { s.over("v1") })
	s.note("The workload asks for 5 s of readiness (minReadySeconds), and pods are ready for 3 s at a time: without it a pod that is ready counts.")
}

// flap shuts and opens the gates of a version's pods in turns until the returned function is called or the story ends.
func (s *story) flap(version string, every time.Duration) (stop func()) {
	status := map[bool]corev1.ConditionStatus{true: corev1.ConditionTrue, false: corev1.ConditionFalse}
	open := true
	return s.repeat(every, func() {
		open = !open
		_ = s.setGates(version, status[open])
	})
}

// keepOpen opens the gates of a version's pods, as they come.
func (s *story) keepOpen(version string) (stop func()) {
	return s.repeat(200*time.Millisecond, func() { _ = s.setGates(version, corev1.ConditionTrue) })
}

// gateUntil opens the gates of a version's pods, as they come, until what is waited for is so.
func (s *story) gateUntil(version string, wait func()) {
	s.Helper()
	stop := s.keepOpen(version)
	defer stop()
	wait()
}

func TestTheNewVersionLosesAllPods(t *testing.T) {
	s := begin(t, 3, "The new version loses all pods at 50 %")
	s.deploy(workload{replicas: 4, steps: []string{"50%", "100%"}, gated: true})
	s.startLoad()
	s.release("v2")
	s.gateUntil("v2", func() { s.atStep(1) })
	s.share("V2", 50)
	lost := time.Now()
	s.deletePods("v2")
	s.until("the weight is 0", func() (bool, string) { w := s.weight(); return w == "0", w })
	s.effect("pods deleted → weight 0", lost)
	s.until("the reason is told", func() (bool, string) {
		ro := s.rollout(subject)
		return ro.Status.CurrentStepState == rollouts.StepUpgrade, told(ro)
	})
	s.takenBack("pods deleted → last request to V2", "V2", lost)
	s.podsSettle(map[string]int{"v1": 2, "v2": 2})
	ready := time.Now()
	s.gateUntil("v2", func() {
		s.atStep(1)
		s.effect("pods ready again → at 50 % again", ready)
		s.share("V2", 50)
		lostAgain := time.Now()
		s.deletePods("v2")
		s.release("v1")
		s.takenBack("deleted again, and taken back → last request to V2", "V2", lostAgain)
	})
	s.gateUntil("v1", func() { s.over("v1") })
}

// deletePods deletes the pods of a version, all at once.
func (s *story) deletePods(version string) {
	s.Helper()
	for _, p := range s.pods(subject, version) {
		s.must(s.objects.Delete(s.ctx, &p))
	}
}

// podsSettle waits until there are that many pods, ready or not, by version.
func (s *story) podsSettle(want map[string]int) {
	s.Helper()
	s.until(fmt.Sprintf("there are pods %v", want), func() (bool, string) {
		got := map[string]int{}
		for version := range want {
			got[version] = len(s.pods(subject, version))
		}
		return maps.Equal(got, want), fmt.Sprint(got)
	})
}

func TestTheStableVersionLosesPods(t *testing.T) {
	s := begin(t, 4, "The stable version loses one pod, then all pods, at 50 %")
	s.deploy(workload{replicas: 4, steps: []string{"50%", "100%"}, gated: true})
	s.startLoad()
	s.release("v2")
	s.gateUntil("v2", func() { s.atStep(1) })
	s.share("V2", 50)
	one := s.pods(subject, "v1")[0]
	s.must(s.objects.Delete(s.ctx, &one))
	s.podsSettle(map[string]int{"v1": 2, "v2": 2})
	s.share("V2", 50)
	s.gate("v1")
	s.podsAre(map[string]int32{"v1": 2, "v2": 2})
	lost := time.Now()
	s.deletePods("v1")
	s.podsSettle(map[string]int{"v1": 2, "v2": 2})
	s.until("the reason is told", func() (bool, string) {
		ro := s.rollout(subject)
		return strings.Contains(ro.Status.Message, "of the stable version only 0 of 2 pods can serve"), told(ro)
	})
	s.effect("pods deleted → told", lost)
	s.always(3*time.Second, "nothing more is asked for the new version than was approved", func() (bool, string) {
		return s.weight() == "50", "the weight is " + s.weight()
	})
	if n := len(s.pods(subject, "v2")); n != 2 {
		s.Errorf("there are %d pods of version 2, want the 2 that were approved", n)
	}
	s.note("While no pod of the stable version is ready the router gives its requests to the new version rather than to nobody; what is asked for stays 50 %%.")
	s.gateUntil("v1", func() {
		// The step stays true meanwhile; what is missing is told until the router has proven the pods that came back.
		s.until("nothing is missing any more", func() (bool, string) {
			ro := s.rollout(subject)
			return ro.Status.CurrentStepState == rollouts.StepPaused && !strings.Contains(ro.Status.Message, "can serve"), told(ro)
		})
		s.share("V2", 50)
		back := s.release("v1")
		s.takenBack("taken back → last request to V2", "V2", back)
		s.over("v1")
	})
}

func TestOneReplica(t *testing.T) {
	s := begin(t, 22, "A workload of one pod, at 20 %")
	s.deploy(workload{replicas: 1, steps: []string{"20%", "100%"}})
	s.startLoad()
	asked := s.release("v2")
	s.atStep(1)
	s.effect("new template → 20 % served", asked)
	s.share("V2", 20)
	s.podsAre(map[string]int32{"v1": 1, "v2": 1})
	back := s.release("v1")
	s.takenBack("taken back → last request to V2", "V2", back)
	s.over("v1")
	s.release("v2")
	s.atStep(1)
	s.approve()
	s.over("v2")
	s.share("V2", 100)
}
