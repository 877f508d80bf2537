// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/vela-rollouts/vela/cluster/discovery"
	"github.com/vela-rollouts/vela/internal/test/load"
	"github.com/vela-rollouts/vela/internal/test/play"
)

// controllers are vela's controllers as a process of their own, which can be killed while the gateway goes on.
type controllers struct {
	cmd  *exec.Cmd
	args []string
	log  *os.File
}

// startControllers runs vela-core beside a velad that was started without it.
func startControllers(t *testing.T, p *play.Page) *controllers {
	t.Helper()
	current, ok, err := discovery.Read()
	if err != nil || !ok {
		t.Fatalf("velad's discovery file: found %v, %v", ok, err)
	}
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "vela-core.log"))
	must(t, err)
	c := &controllers{log: log, args: []string{
		"--kubeconfig", p.Kubeconfig(), "--edge-url", "http://" + current.EdgeAdmin,
		"--cert-dir", filepath.Join(dir, "certs"), "--webhook-host", "127.0.0.1", "--webhook-port", "19444", "--webhook-url", "https://127.0.0.1:19444",
	}}
	c.start(t)
	t.Cleanup(func() {
		c.kill(t)
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("the end of vela-core's log:\n%s", text[max(0, len(text)-10_000):])
		}
		_ = log.Close()
	})
	return c
}

func (c *controllers) start(t *testing.T) {
	t.Helper()
	c.cmd = exec.Command(root("bin", "vela-core"), c.args...)
	c.cmd.Stdout, c.cmd.Stderr = c.log, c.log
	if err := c.cmd.Start(); err != nil {
		t.Errorf("starting vela-core: %v", err) // not fatal: it may be called beside the test's own goroutine
	}
}

// kill ends the process as a power cut would.
func (c *controllers) kill(t *testing.T) {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		t.Errorf("killing vela-core: %v", err)
	}
	_ = c.cmd.Wait() // it says that it was killed
}

// TestRollbackRightAfterTheControllersWereKilled is the last of S9.
func TestRollbackRightAfterTheControllersWereKilled(t *testing.T) {
	p := newPage(t, "--without-vela")
	core := startControllers(t, p)
	scene(t, "version 1 runs", func(t *testing.T) { firstVersion(t, p) })
	scene(t, "killed at 20 %, started again, rolled back", func(t *testing.T) {
		canaryAt20(t, p)
		core.kill(t)
		share(t, p, "V2", 20)
		core.start(t)
		back(t, p)
	})
	scene(t, "killed while pods are starting, started again, rolled back", func(t *testing.T) {
		must(t, p.Deploy(t.Context(), "v2.yaml"))
		must(t, p.StepRunning(t.Context(), "v2", "rollout-20"))
		core.kill(t)
		core.start(t)
		back(t, p)
	})
	scene(t, "killed in the middle of the rollback", func(t *testing.T) {
		canaryAt20(t, p)
		done := make(chan error, 1)
		go func() { done <- p.Rollback(t.Context()) }()
		must(t, p.RolloutIsCancelled(t.Context()))
		core.kill(t)
		core.start(t)
		must(t, <-done)
		share(t, p, "V1", 100)
		must(t, p.Running(t.Context(), "v1"))
		must(t, p.HelpersGone(t.Context()))
	})
	scene(t, "not one request failed", func(t *testing.T) { noneFailed(t, p) })
}

// TestAReleaseEndsTheSameHoweverOftenTheControllersAreKilled kills them at random moments of a whole release.
func TestAReleaseEndsTheSameHoweverOftenTheControllersAreKilled(t *testing.T) {
	const kills = 12
	p := newPage(t, "--without-vela")
	core := startControllers(t, p)
	scene(t, "version 1 runs", func(t *testing.T) { firstVersion(t, p) })
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	ctx, stop := context.WithCancel(t.Context())
	killing := make(chan struct{})
	go func() {
		defer close(killing)
		for i := range kills {
			select {
			case <-ctx.Done():
				return
			case <-time.After(time.Duration(200+random.IntN(1800)) * time.Millisecond):
			}
			core.kill(t)
			core.start(t)
			fmt.Printf("progress: kill %d of %d\n", i+1, kills)
		}
	}()
	scene(t, "version 2 is released to the end meanwhile", func(t *testing.T) {
		deploy(t, p, "v2.yaml")
		must(t, p.SuspendedAt(t.Context(), "v2", "suspend-1st"))
		share(t, p, "V2", 20)
		resume(t, p)
		must(t, p.SuspendedAt(t.Context(), "v2", "suspend-2nd"))
		share(t, p, "V2", 50)
		resume(t, p)
		must(t, p.Running(t.Context(), "v2"))
		podsAre(t, p, map[string]int{"wangyikewyk/canarydemo:v2": 5})
		share(t, p, "V2", 100)
		must(t, p.HelpersGone(t.Context()))
	})
	stop()
	<-killing
	scene(t, "not one request failed", func(t *testing.T) { noneFailed(t, p) })
}

// deploy repeats `vela up` while admission is away with the controllers, as a person would.
func deploy(t *testing.T, p *play.Page, file string) {
	t.Helper()
	again(t, func() error { return p.Deploy(t.Context(), file) })
}

func resume(t *testing.T, p *play.Page) {
	t.Helper()
	again(t, func() error { return p.Resume(t.Context()) })
}

// again runs a command until it succeeds, for half a minute at most.
func again(t *testing.T, command func() error) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := command()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// TestAClusterThatWasKilledComesBackAsItWas kills velad itself at 20 % and starts it again.
func TestAClusterThatWasKilledComesBackAsItWas(t *testing.T) {
	p := newPage(t)
	scene(t, "version 2 is suspended at 20 %", func(t *testing.T) {
		firstVersion(t, p)
		canaryAt20(t, p)
		podsAre(t, p, map[string]int{"wangyikewyk/canarydemo:v1": 4, "wangyikewyk/canarydemo:v2": 1})
		share(t, p, "V2", 20)
		noneFailed(t, p)
	})
	before := podNames(t, p)
	scene(t, "velad is killed and started again", func(t *testing.T) {
		current, ok, err := discovery.Read()
		if err != nil || !ok {
			t.Fatalf("velad's discovery file: found %v, %v", ok, err)
		}
		must(t, syscall.Kill(current.PID, syscall.SIGKILL))
		must(t, p.Up(t.Context()))
	})
	scene(t, "the release is at 20 % still, with the pods it had", func(t *testing.T) {
		must(t, p.SuspendedAt(t.Context(), "v2", "suspend-1st"))
		podsAre(t, p, map[string]int{"wangyikewyk/canarydemo:v1": 4, "wangyikewyk/canarydemo:v2": 1})
		if after := podNames(t, p); !slices.Equal(before, after) {
			t.Errorf("pods were %v, are %v", before, after)
		}
		must(t, p.WaitServed(t.Context()))
		must(t, p.StartLoad(context.WithoutCancel(t.Context()), load.DefaultMix()))
		share(t, p, "V2", 20)
	})
	scene(t, "and goes on", func(t *testing.T) {
		resume(t, p)
		must(t, p.SuspendedAt(t.Context(), "v2", "suspend-2nd"))
		share(t, p, "V2", 50)
		noneFailed(t, p)
	})
}

func podNames(t *testing.T, p *play.Page) []string {
	t.Helper()
	client, err := kubernetes.NewForConfig(p.REST())
	must(t, err)
	pods, err := client.CoreV1().Pods(play.Namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "app.oam.dev/component=" + play.App})
	must(t, err)
	var names []string
	for _, pod := range pods.Items {
		if pod.Status.Phase == corev1.PodRunning {
			names = append(names, pod.Name)
		}
	}
	slices.Sort(names)
	return names
}
