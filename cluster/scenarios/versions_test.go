// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"testing"
)

func TestAThirdVersionDuringTheSecond(t *testing.T) {
	s := begin(t, 5, "Version 3 comes while version 2 is at 50 %")
	s.up(application{version: "v1", publish: "v1", replicas: 4})
	s.running(subject, "v1")
	s.startLoad()
	s.up(application{version: "v2", publish: "v2", replicas: 4, weights: []int{50, 100}})
	s.suspended(subject, "v2", 50)
	s.share("V2", 50)
	asked := s.up(application{version: "v3", publish: "v3", replicas: 4, weights: []int{50, 100}})
	s.suspended(subject, "v3", 50)
	s.effect("version 3 applied → at 50 %", asked)
	s.share("V3", 50)
	s.share("V2", 0)
	sent := s.load().Snapshot().SentTo
	if !sent["V3"].First.After(sent["V2"].Last) {
		s.Errorf("version 3 got its first request at %s, version 2 its last at %s: want version 2 at 0 first", sent["V3"].First, sent["V2"].Last)
	}
	back := s.ask("rollback")
	s.takenBack("rollback → last request to V3", "V3", back)
	s.running(subject, "v1")
	s.share("V1", 100)
	s.podsAre(map[string]int32{"v1": 4})
	s.gone(subject)
}

func TestVersionOneAgainAtNinetyPercent(t *testing.T) {
	s := begin(t, 6, "Version 1 is applied again while version 2 is at 90 %")
	s.deploy(workload{replicas: 10, steps: []string{"90%", "100%"}})
	s.startLoad()
	s.release("v2")
	s.atStep(1)
	s.share("V2", 90)
	s.podsAre(map[string]int32{"v1": 1, "v2": 9})
	back := s.release("v1")
	s.takenBack("version 1 applied → last request to V2", "V2", back)
	s.over("v1")
	s.effect("version 1 applied → 10 pods of it", back)
	s.note("All traffic leaves the bad version at once, also where one pod of the good one has to carry it until the others are ready; as many pods as there were stay until then.")
}
