// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// Budgets of velad.
const (
	nodeReadyBudget = 10 * time.Second
	idleMiB         = 700.0
)

// idleAfter is how long velad is left alone before its memory is read.
const idleAfter = 20 * time.Second

// measureCluster starts all of velad, with its node, twice: on an empty data directory and on the one of before.
func measureCluster(ctx context.Context, set settings) (rows []row, err error) {
	dir, err := os.MkdirTemp("", "vela-bench-")
	if err != nil {
		return nil, fmt.Errorf("making a data directory: %w", err)
	}
	v := &wholeCluster{set: set, data: filepath.Join(dir, "velad")}
	defer func() {
		err = errors.Join(err, v.command(context.WithoutCancel(ctx), "reset"), os.RemoveAll(dir))
	}()
	first, all, err := v.up(ctx)
	if err != nil {
		return nil, err
	}
	rows = append(rows, within("velad: start to node Ready, new cluster", "≤ 10 s", seconds(first), first <= nodeReadyBudget, "everything ready after "+seconds(all)))
	if err := pause(ctx, idleAfter); err != nil {
		return rows, err
	}
	memory, parts, cpu := v.idle(ctx)
	rows = append(rows, within("velad: idle memory of everything (PSS)", "≤ 700 MiB", fmt.Sprintf("%.0f MiB", memory), memory > 0 && memory <= idleMiB,
		fmt.Sprintf("%s; idle CPU %.1f %% of a core", parts, cpu)))
	if err := v.command(ctx, "down"); err != nil {
		return rows, err
	}
	again, all, err := v.up(ctx)
	if err != nil {
		return rows, err
	}
	return append(rows, within("velad: start to node Ready, cluster of before", "≤ 10 s", seconds(again), again <= nodeReadyBudget, "everything ready after "+seconds(all))), nil
}

// wholeCluster is velad with a node.
type wholeCluster struct {
	set  settings
	data string
}

// up starts velad in the background and gives the time until the node is Ready, and until velad says that all of it is.
func (v *wholeCluster) up(ctx context.Context) (node, all time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var args []string
	for _, flag := range []string{"--http-port", "--https-port", "--api-port"} {
		port, err := freePort()
		if err != nil {
			return 0, 0, err
		}
		args = append(args, flag, strconv.Itoa(port))
	}
	started := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- v.command(ctx, "up", append(args, "--detach")...) }()
	for {
		if node == 0 && v.nodeReady(ctx, started) {
			node = time.Since(started)
		}
		select {
		case err := <-ended:
			all = time.Since(started)
			if err == nil && node == 0 && !v.nodeReady(ctx, started) {
				err = errors.New("velad says that it is ready, but its node is not")
			}
			return cmp.Or(node, all), all, err
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// nodeReady says whether the kubelet of this start has reported a node that is Ready.
func (v *wholeCluster) nodeReady(ctx context.Context, started time.Time) bool {
	cfg, err := clientcmd.BuildConfigFromFlags("", filepath.Join(v.data, "pki", "admin.kubeconfig"))
	if err != nil {
		return false
	}
	direct, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return false
	}
	nodes, err := direct.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return false
	}
	return slices.ContainsFunc(nodes.Items, func(n corev1.Node) bool {
		return slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
			// Times of the API are whole seconds.
			return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue && !c.LastHeartbeatTime.Time.Before(started.Truncate(time.Second))
		})
	})
}

func (v *wholeCluster) command(ctx context.Context, verb string, args ...string) error {
	args = append([]string{verb, "--data-dir", v.data}, args...)
	if out, err := exec.CommandContext(ctx, filepath.Join(v.set.bin, "velad"), args...).CombinedOutput(); err != nil {
		return fmt.Errorf("velad %s: %w: %s", verb, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// idle sums the memory of every process of this cluster (smaps_rollup's Pss: what is shared counts in parts), and the CPU time they use
// in ten seconds, in percent of a core.
func (v *wholeCluster) idle(ctx context.Context) (mib float64, parts string, cpu float64) {
	const span = 10 * time.Second
	ids := v.processes()
	before := cpuOf(ids)
	_ = pause(ctx, span)
	cpu = 100 * (cpuOf(ids) - before) / span.Seconds()
	var texts []string
	for _, id := range ids {
		pss := kibibytes(field(fmt.Sprintf("/proc/%d/smaps_rollup", id), "Pss")) / 1024
		mib += pss
		texts = append(texts, fmt.Sprintf("%s %.0f", strings.TrimSpace(read(fmt.Sprintf("/proc/%d/comm", id))), pss))
	}
	return mib, strings.Join(texts, ", "), cpu
}

func cpuOf(ids []int) (sum float64) {
	for _, id := range ids {
		sum += cpuSeconds(id)
	}
	return sum
}

// processes are those whose command line names the data directory.
func (v *wholeCluster) processes() []int {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	var ids []int
	for _, file := range files {
		if !strings.Contains(read(file), v.data) {
			continue
		}
		if id, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
