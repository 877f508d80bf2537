// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

func TestAFleetIsReleasedAtOnce(t *testing.T) {
	const fleet = 30
	s := beginAlone(t, 27, fmt.Sprintf("%d Applications are released at once", fleet+1))
	all := func(version, publish string, weights ...int) string {
		var b strings.Builder
		for i := range fleet {
			b.WriteString(application{name: fmt.Sprintf("app-%d", i), version: version, publish: publish, replicas: 1, weights: weights}.yaml(fmt.Sprintf("app-%d.%s", i, s.host())))
			b.WriteString("---\n")
		}
		return b.String()
	}
	send := func(text string) time.Time {
		s.Helper()
		asked := time.Now()
		_, err := s.vela(text, "up", "-f", "-")
		s.must(err)
		return asked
	}
	every := func(what string, cond func(*v1beta1.Application) bool) {
		s.Helper()
		s.within(3*time.Minute, what, func() (bool, string) {
			list := &v1beta1.ApplicationList{}
			s.must(s.objects.List(s.ctx, list, client.InNamespace(s.ns)))
			n := 0
			var last string
			for i := range list.Items {
				if a := &list.Items[i]; a.Name != subject && cond(a) {
					n++
				} else if a.Name != subject {
					last = a.Name + ": " + said(a)
				}
			}
			return n == fleet, fmt.Sprintf("%d of %d; %s", n, fleet, last)
		})
	}
	runs := func(publish string) func(*v1beta1.Application) bool {
		return func(a *v1beta1.Application) bool {
			return a.Status.Phase == v1beta1.PhaseRunning && a.Status.Workflow != nil && a.Status.Workflow.AppRevision == publish
		}
	}
	s.up(application{version: "v1", publish: "v1", replicas: 4})
	s.running(subject, "v1")
	s.startLoad()
	send(all("v1", "v1"))
	every("the fleet runs", runs("v1"))
	s.share("V1", 100)

	asked := send(all("v2", "v2", 50, 100))
	mine := s.up(application{version: "v2", publish: "v2", replicas: 4, weights: []int{50, 100}})
	s.suspended(subject, "v2", 50)
	s.effect("the loaded one applied → at 50 %", mine)
	s.share("V2", 50)
	back := s.ask("rollback")
	s.takenBack("rollback of the loaded one among all → last request to V2", "V2", back)
	every("the fleet is at 50 %", func(a *v1beta1.Application) bool { return suspendedAt(a, "v2", 50) })
	s.effect(fmt.Sprintf("%d applied → all at 50 %%", fleet), asked)
	s.running(subject, "v1")
	s.share("V1", 100)
	resumed := time.Now()
	for i := range fleet {
		s.askOf(fmt.Sprintf("app-%d", i), "resume")
	}
	every("the fleet runs version 2", runs("v2"))
	s.effect(fmt.Sprintf("%d resumed one by one → all done", fleet), resumed)
	s.share("V1", 100)
	s.note("500 Rollouts at once, against pods that are not real, are a row of `make bench` (`fleet`).")
}
