// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/test/apifault"
	"github.com/vela-rollouts/vela/internal/test/load"
)

// replica is a second edge, a process of its own behind an API server that can be late.
type replica struct {
	api    *apifault.Proxy
	config edgeConfig
	log    *os.File
	cmd    *exec.Cmd
}

func (s *story) newReplica() *replica {
	s.Helper()
	dir := s.TempDir()
	r := &replica{config: edgeConfig{HTTP: free(s), Admin: free(s), Replica: "second"}}
	var err error
	r.api, err = apifault.Start(s.REST())
	s.must(err)
	s.Cleanup(func() { _ = r.api.Close() })
	r.config.Kubeconfig, err = r.api.Kubeconfig(dir)
	s.must(err)
	r.log, err = os.Create(filepath.Join(dir, "edge.log"))
	s.must(err)
	return r
}

// free is a loopback address that nobody listens on.
func free(s *story) string {
	s.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	s.must(err)
	defer l.Close()
	return l.Addr().String()
}

func (r *replica) start(s *story) {
	s.Helper()
	text, err := json.Marshal(r.config)
	s.must(err)
	r.cmd = exec.Command(os.Args[0])
	r.cmd.Env = append(os.Environ(), edgeVariable+"="+string(text))
	r.cmd.Stdout, r.cmd.Stderr = r.log, r.log
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	s.must(r.cmd.Start())
	s.until("the second edge serves", func() (bool, string) {
		_, err := plan.Get(s.ctx, http.DefaultClient, "http://"+r.config.Admin, "", "")
		return err == nil, fmt.Sprint(err)
	})
}

func (r *replica) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait() // it says that it was killed
}

func TestARouterThatIsLateAndOneThatIsGone(t *testing.T) {
	s := beginAlone(t, 14, "One of two routers hears of changes 30 s late; it is killed and comes back")
	second := s.newReplica()
	second.start(s)
	s.Cleanup(func() { s.stop(); second.kill() })
	s.core.kill()
	both, err := s.newCore("both", 19447, s.admin, "http://"+second.config.Admin)
	s.must(err)
	s.Cleanup(func() {
		both.kill()
		if err := s.core.serve(); err != nil {
			s.Error(err)
		}
	})
	s.must(both.serve())
	s.deploy(workload{replicas: 4, steps: []string{"25%", "50%", "100%"}})
	s.startLoad()
	s.startLoadOn(load.Target{Address: second.config.HTTP, Host: s.host(), Path: "/version"})
	s.release("v2")
	s.atStep(1)
	s.share("V2", 25)
	s.shareOf(s.loads[1], "V2", 25)

	second.api.Set(apifault.Faults{WatchLag: 8 * time.Second})
	approved := s.approve()
	s.stillAt(6*time.Second, "the step does not count as done while one router does not serve it", 2)
	s.atStep(2)
	s.effect("approved → both routers, one 8 s late, serve 50 %", approved)
	s.shareOf(s.loads[1], "V2", 50)
	s.share("V2", 50)

	second.api.Set(apifault.Faults{WatchLag: 30 * time.Second})
	back := s.release("v1")
	s.takenBack("taken back → last request to V2 by the router that hears of it", "V2", back)
	if len(s.pods(subject, "v2")) == 0 {
		s.Error("no pod of version 2 is left while one router still sends requests there")
	}
	s.over("v1")
	s.effect("taken back → last pod of V2 gone, one router 30 s late", back)
	s.shareOf(s.loads[1], "V1", 100)
	second.api.Set(apifault.Faults{})

	s.release("v2")
	s.atStep(1)
	late := s.loads[1]
	s.loads = s.loads[:1]
	totals := late.Stop() // a router that is gone answers nobody
	s.row.Sent, s.row.Failed = s.row.Sent+totals.Sent(), s.row.Failed+totals.Failed()
	if totals.Failed() > 0 {
		s.Errorf("%d of %d requests by the second router failed: %q", totals.Failed(), totals.Sent(), totals.Failures)
	}
	second.kill()
	s.approve()
	s.stillAt(5*time.Second, "a router that does not answer is unknown, and unknown is no success", 2)
	s.until("the reason is told", func() (bool, string) {
		ro := s.rollout(subject)
		return strings.Contains(ro.Status.Message, "router"), told(ro)
	})
	up := time.Now()
	second.start(s)
	s.atStep(2)
	s.effect("second router back → 50 % counts as served", up)
	s.share("V2", 50)
	s.approve()
	s.over("v2")
	s.share("V2", 100)
	s.note("The load of the second router ends before it is killed: a router that is gone answers nobody.")
}
