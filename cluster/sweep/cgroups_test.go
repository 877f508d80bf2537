// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package sweep

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

const asMember = "SWEEP_TEST_MEMBER"

// TestMain is also the program of the test's groups: one with much memory, which the kernel takes a while to free.
func TestMain(m *testing.M) {
	if os.Getenv(asMember) == "" {
		os.Exit(m.Run())
	}
	memory := make([]byte, 512<<20)
	for i := 0; i < len(memory); i += 4096 {
		memory[i] = 1
	}
	fmt.Println("ready")
	time.Sleep(time.Minute)
	os.Exit(int(memory[4096]))
}

func TestAGroupGoesWithItsLastProcessHoweverSlowlyThatEnds(t *testing.T) {
	root := hierarchy(t)
	group := filepath.Join(root, "k8s.io", "0123abcd")
	cmd := member(t, group)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	go cmd.Wait() // as the parent of orphans does
	for {         // as kill does
		if _, ok := inspect(cmd.Process.Pid); !ok {
			break
		}
	}
	if err := groups(t.Context(), root); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "k8s.io")); err == nil {
		t.Error("the groups are still there")
	}
}

func TestAGroupOfAnotherContainerdStays(t *testing.T) {
	root := hierarchy(t)
	theirs, ours := filepath.Join(root, "k8s.io", "theirs"), filepath.Join(root, "k8s.io", "ours", "nested")
	member(t, theirs)
	if err := os.MkdirAll(ours, 0o755); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := groups(ctx, root); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Error("a group with a living process was removed")
	}
	if _, err := os.Stat(filepath.Dir(ours)); err == nil {
		t.Error("a group without a process is still there")
	}
}

// hierarchy makes a place for groups of the test's own.
func hierarchy(t *testing.T) string {
	t.Helper()
	base := cgroupRoot
	if _, err := os.Stat(base + "/cgroup.controllers"); err != nil {
		base += "/memory"
	}
	root := fmt.Sprintf("%s/sweep-test-%d", base, os.Getpid())
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Skipf("no cgroup can be made here: %v", err)
	}
	t.Cleanup(func() {
		if err := groups(context.Background(), root); err != nil {
			t.Error(err)
		}
		if err := os.Remove(root); err != nil {
			t.Error(err)
		}
	})
	return root
}

// member starts a process in a group.
func member(t *testing.T, group string) *exec.Cmd {
	t.Helper()
	if err := os.MkdirAll(group, 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asMember+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err == nil {
			_ = cmd.Wait()
		}
	})
	if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(cmd.Process.Pid)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return cmd
}
