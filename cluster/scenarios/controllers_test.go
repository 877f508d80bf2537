// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/test/apifault"
)

// weights follows the canary route and returns what it ever asked for, in order, without repetitions.
func (s *story) weights() (so func() []string) {
	s.Helper()
	ctx, cancel := context.WithCancel(s.ctx)
	watch, err := s.objects.Watch(ctx, &networkingv1.IngressList{}, client.InNamespace(s.ns))
	s.must(err)
	var mu sync.Mutex
	var all []string
	go func() {
		defer watch.Stop()
		for event := range watch.ResultChan() {
			route, is := event.Object.(*networkingv1.Ingress)
			if !is || route.Name != canaryRoute {
				continue
			}
			mu.Lock()
			if w := route.Annotations[weightAnnotation]; len(all) == 0 || all[len(all)-1] != w {
				all = append(all, w)
			}
			mu.Unlock()
		}
	}()
	s.Cleanup(cancel)
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

// only checks that the canary route asked for nothing but these shares.
func (s *story) only(asked []string, allowed ...string) {
	s.Helper()
	for _, w := range asked {
		if !slices.Contains(allowed, w) {
			s.Errorf("the weights were %v, want none but %v", asked, allowed)
			return
		}
	}
}

func TestControllersThatAreKilled(t *testing.T) {
	s := beginAlone(t, 10, "The controllers are killed at random moments of releases and rollbacks")
	s.up(application{version: "v1", publish: "v1", replicas: 4})
	s.running(subject, "v1")
	s.startLoad()
	seed := uint64(time.Now().UnixNano())
	s.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var mu sync.Mutex
	kills := 0
	const want = 20
	stop := s.repeat(0, func() {
		mu.Lock()
		over := kills >= want
		mu.Unlock()
		time.Sleep(time.Duration(200+random.IntN(1300)) * time.Millisecond)
		if over {
			return
		}
		s.core.kill()
		if err := s.core.start(); err != nil {
			s.Error(err)
		}
		mu.Lock()
		kills++
		mu.Unlock()
	})
	done := func() bool { mu.Lock(); defer mu.Unlock(); return kills >= want }
	for i := 0; !done(); i++ {
		publish := fmt.Sprintf("v2-%d", i)
		asked := s.weights()
		s.up(application{version: "v2", publish: publish, replicas: 4, weights: []int{25, 50, 100}})
		s.suspended(subject, publish, 25)
		s.share("V2", 25)
		s.ask("resume")
		s.suspended(subject, publish, 50)
		s.share("V2", 50)
		if i%2 == 0 {
			back := s.ask("rollback")
			s.only(asked(), "0", "25", "50")
			s.running(subject, "v1")
			s.until("no request is sent to V2", func() (bool, string) {
				last := s.load().Snapshot().SentTo["V2"].Last
				return time.Since(last) > calm, fmt.Sprintf("%s after it was asked for", last.Sub(back))
			})
			s.share("V1", 100)
			continue
		}
		s.ask("resume")
		s.running(subject, publish)
		s.share("V2", 100)
		s.up(application{version: "v1", publish: publish + "-back", replicas: 4, weights: []int{100}})
		s.running(subject, publish+"-back")
		s.share("V1", 100)
	}
	stop()
	s.gone(subject)
	s.podsAre(map[string]int32{"v1": 4})
	s.note("%d kills here; a kill after each single write of each story, and at random ones in any order of events, is simulated by `go test ./internal/rollout -run 'TestKillAfterEveryWrite|TestReleasesInAnyOrderWithCrashes'`.", want)
}

func TestTwoControllers(t *testing.T) {
	s := beginAlone(t, 11, "Two controllers: the leader is stopped in the middle of a step, the other one takes over, the first wakes up")
	s.core.kill()
	s.Cleanup(func() {
		if err := s.core.serve(); err != nil {
			s.Error(err)
		}
	})
	leader := []string{"--leader-elect", "--leader-election-namespace", s.ns}
	first, err := s.newCore("first", 19445, s.admin)
	s.must(err)
	second, err := s.newCore("second", 19446, s.admin)
	s.must(err)
	s.Cleanup(first.kill)
	s.Cleanup(second.kill)
	s.must(first.serve(leader...))
	holder := s.holder("")
	s.must(second.serve(leader...))
	s.deploy(workload{replicas: 4, steps: []string{"25%", "50%", "100%"}})
	s.startLoad()
	asked := s.weights()
	s.release("v2")
	s.atStep(1)
	s.share("V2", 25)
	s.approve()
	s.until("the second step is under way", func() (bool, string) { return len(s.pods(subject, "v2")) > 1, "no pod of it yet" })
	stopped := time.Now()
	s.must(first.signal(syscall.SIGSTOP))
	other := s.holder(holder)
	s.effect("leader stopped → the other one leads", stopped)
	s.atStep(2)
	s.share("V2", 50)
	s.only(asked(), "0", "25", "50")
	back := s.release("v1")
	s.takenBack("taken back by the second → last request to V2", "V2", back)
	s.over("v1")
	s.must(first.signal(syscall.SIGCONT))
	select {
	case <-first.ended():
	case <-time.After(30 * time.Second):
		s.Error("the first controller goes on although it lost the lease")
	}
	s.always(2*time.Second, "nothing of the release comes back", func() (bool, string) {
		left := s.helpers(subject)
		return len(left) == 0 && len(s.pods(subject, "v2")) == 0, fmt.Sprint(left)
	})
	if now := s.holder(""); now != other {
		s.Errorf("%s leads, want %s still", now, other)
	}
	s.share("V1", 100)
	s.release("v2")
	s.atStep(1)
	s.approve()
	s.atStep(2)
	s.approve()
	s.over("v2")
	s.share("V2", 100)
}

// holder waits until somebody else than before has the lease, and says who.
func (s *story) holder(before string) string {
	s.Helper()
	var now string
	s.until("there is a leader", func() (bool, string) {
		lease, err := s.kube.CoordinationV1().Leases(s.ns).Get(s.ctx, "vela-core.release.oam.dev", metav1.GetOptions{})
		if err != nil || lease.Spec.HolderIdentity == nil {
			return false, fmt.Sprint(err)
		}
		now = *lease.Spec.HolderIdentity
		return now != "" && now != before, "it is " + now
	})
	return now
}

func TestAnAPIServerThatFails(t *testing.T) {
	s := beginAlone(t, 12, "The API server answers the controllers with 429 and 503, slowly, or not at all although it did what was asked; watches end and are late")
	s.deploy(workload{replicas: 4, steps: []string{"25%", "50%", "100%"}})
	s.startLoad()
	s.Cleanup(func() { s.api.Set(apifault.Faults{}) })
	faults := []struct {
		name string
		is   apifault.Faults
	}{
		{"429 for every second request", apifault.Faults{Every: 2, Status: 429}},
		{"503 for every second request", apifault.Faults{Every: 2, Status: 503}},
		{"every third request is carried out without an answer", apifault.Faults{Every: 3, Mute: true}},
		{"every tenth request takes 10 s", apifault.Faults{Every: 10, Slow: 10 * time.Second}},
		{"watches end after a second", apifault.Faults{WatchLife: time.Second}},
		{"events are 1.5 s late", apifault.Faults{WatchLag: 1500 * time.Millisecond}},
	}
	for _, f := range faults {
		before := s.api.Disturbed()
		s.api.Set(f.is)
		if f.is.WatchLife > 0 && s.api.CutWatches() == 0 {
			s.Error("no watch was open: nothing was disturbed")
		}
		asked := s.weights()
		s.release("v2")
		s.atStep(1)
		s.podsAre(map[string]int32{"v1": 3, "v2": 1})
		s.share("V2", 25)
		s.only(asked(), "0", "25")
		s.approve()
		s.atStep(2)
		s.podsAre(map[string]int32{"v1": 2, "v2": 2})
		s.share("V2", 50)
		s.only(asked(), "0", "25", "50")
		back := s.release("v1")
		s.until(f.name+": no request is sent to V2", func() (bool, string) {
			last := s.load().Snapshot().SentTo["V2"].Last
			return time.Since(last) > calm && time.Since(back) > calm, fmt.Sprintf("%s after it was asked for", last.Sub(back))
		})
		s.row.Effects = append(s.row.Effects, effect{f.name + ": taken back → last request to V2", max(s.load().Snapshot().SentTo["V2"].Last.Sub(back), 0)})
		s.over("v1")
		s.api.Set(apifault.Faults{})
		s.share("V1", 100)
		s.only(asked(), "0", "25", "50")
		if f.is.Every > 0 && s.api.Disturbed() == before {
			s.Errorf("%s: no request was disturbed", f.name)
		}
	}
	s.note("While the API server fails a rollback can take as long as it takes to reach it: the bound of %s is not asked for here.", takenBackWithin)
}

// stillAt checks for d that the release does not count a step as done.
func (s *story) stillAt(d time.Duration, what string, step int32) {
	s.Helper()
	s.always(d, what, func() (bool, string) {
		ro := s.rollout(subject)
		return ro.Status.CurrentStepIndex != step || ro.Status.CurrentStepState != rollouts.StepPaused, told(ro)
	})
}
