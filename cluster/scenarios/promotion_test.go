// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

// removal is when the last pods of a version were told to go, and what the router said of its Service then.
type removal struct {
	at      time.Time
	service plan.Service
	listed  bool
}

// watchRemoval follows the ReplicaSets until one of a version, of any size before, is asked for no pod, and asks the router at that moment.
func (s *story) watchRemoval(version, service string) (result func() removal) {
	s.Helper()
	ctx, cancel := context.WithCancel(s.ctx)
	watch, err := s.objects.Watch(ctx, &appsv1.ReplicaSetList{}, client.InNamespace(s.ns))
	s.must(err)
	var mu sync.Mutex
	var got removal
	go func() {
		defer watch.Stop()
		for event := range watch.ResultChan() {
			rs, is := event.Object.(*appsv1.ReplicaSet)
			if !is || rs.Spec.Template.Spec.Containers[0].Image != image(version) || *rs.Spec.Replicas > 0 {
				continue
			}
			p, err := plan.Get(ctx, http.DefaultClient, s.admin, "", s.ns+"/"+service)
			mu.Lock()
			if err == nil && got.at.IsZero() {
				got.at = time.Now()
				got.service, got.listed = p.Services[s.ns+"/"+service]
			}
			mu.Unlock()
		}
	}()
	s.Cleanup(cancel)
	return func() removal {
		mu.Lock()
		defer mu.Unlock()
		return got
	}
}

func TestPromotionToAll(t *testing.T) {
	s := begin(t, 13, "Promotion to 100 %: pods of the old version go when the router has nothing left for them")
	s.deploy(workload{replicas: 5, steps: []string{"20%", "100%"}})
	s.startLoad()
	for _, round := range []struct{ old, now, answer, former string }{{"v1", "v2", "V2", "V1"}, {"v2", "v3", "V3", "V2"}} {
		s.release(round.now)
		s.atStep(1)
		s.share(round.answer, 20)
		removed := s.watchRemoval(round.old, stableService)
		approved := s.approve()
		s.over(round.now)
		s.effect("approved → all of "+round.now, approved)
		s.share(round.answer, 100)
		r := removed()
		switch last := s.load().Snapshot().SentTo[round.former].Last; {
		case r.at.IsZero():
			s.Errorf("it was not seen that the pods of %s were told to go", round.old)
		case r.service.Weighted || r.service.InFlight > 0:
			s.Errorf("when the last pods of %s were told to go the router had %d requests for them, and might send more: %v", round.old, r.service.InFlight, r.service.Weighted)
		case last.After(r.at):
			s.Errorf("a request was sent to %s at %s, its last pods were told to go at %s", round.former, last, r.at)
		}
	}
}

func TestLongStreamsAcrossAPromotion(t *testing.T) {
	s := begin(t, 28, "WebSockets that stay open across a promotion and a rollback")
	s.deploy(workload{replicas: 4, steps: []string{"50%", "100%"}})
	s.startLoad()
	long := s.streams(24)
	s.release("v2")
	s.atStep(1)
	s.share("V2", 50)
	back := s.release("v1")
	s.takenBack("taken back → last request to V2", "V2", back)
	s.over("v1")
	s.effect("taken back → no stream on V2", back)
	s.release("v2")
	s.atStep(1)
	approved := s.approve()
	s.over("v2")
	s.effect("approved → no stream on V1", approved)
	s.share("V2", 100)
	totals := long.Stop()
	s.row.Sent, s.row.Failed = s.row.Sent+totals.Sent(), s.row.Failed+totals.Failed()
	if totals.Failed() > 0 {
		s.Errorf("%d messages over streams failed, want each stream that a version loses closed with a close frame: %q", totals.Failed(), totals.Failures)
	}
	if totals.Sent() == 0 {
		s.Error("no message was sent over the streams")
	}
}
