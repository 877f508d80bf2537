// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/vela-rollouts/vela/cluster/discovery"
	"github.com/vela-rollouts/vela/cluster/server"
	"github.com/vela-rollouts/vela/cluster/sweep"
)

// errNotRunning makes the exit code of status one that scripts can use.
var errNotRunning = errors.New("no cluster runs here; start it with: velad up --detach")

// status is what the verb prints.
type status struct {
	Running    bool   `json:"running"`
	Ready      bool   `json:"ready"`
	PID        int    `json:"pid,omitempty"`
	DataDir    string `json:"dataDir"`
	Kubeconfig string `json:"kubeconfig,omitempty"`
	Kubernetes string `json:"kubernetes,omitempty"`
	Node       string `json:"node,omitempty"`
	Pods       string `json:"pods,omitempty"`
	// MemoryMiB is the proportional share of velad, containerd and the shims;
	// what containers themselves use is not in it.
	MemoryMiB int64  `json:"memoryMiB,omitempty"`
	HTTPPort  int    `json:"httpPort,omitempty"`
	HTTPSPort int    `json:"httpsPort,omitempty"`
	EdgeAdmin string `json:"edgeAdmin,omitempty"`
	Problem   string `json:"problem,omitempty"`
}

func newStatus(streams Streams) *cobra.Command {
	var dataDir, output string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how the cluster is; the exit code is 0 when it serves",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := filepath.Abs(dataDir)
			if err != nil {
				return err
			}
			s, err := look(cmd.Context(), dir)
			if err != nil {
				return err
			}
			switch output {
			case "json":
				enc := json.NewEncoder(streams.Out)
				enc.SetIndent("", "  ")
				if err := enc.Encode(s); err != nil {
					return err
				}
			case "":
				s.print(streams.Out)
			default:
				return fmt.Errorf("--output: %q is not known; use json, or leave it out", output)
			}
			if !s.Running {
				return errNotRunning
			}
			if !s.Ready {
				return fmt.Errorf("the cluster does not serve: %s", s.Problem)
			}
			return nil
		},
	}
	runningDirFlag(cmd, &dataDir)
	cmd.Flags().StringVarP(&output, "output", "o", "", "json, or empty for people")
	return cmd
}

func look(ctx context.Context, dataDir string) (status, error) {
	s := status{DataDir: dataDir}
	pid, err := server.Running(dataDir)
	if err != nil || pid == 0 {
		return s, err
	}
	s.Running, s.PID, s.Kubeconfig = true, pid, server.Kubeconfig(dataDir)
	if c, ok, err := discovery.Read(); err == nil && ok && c.DataDir == dataDir {
		s.HTTPPort, s.HTTPSPort, s.EdgeAdmin = c.HTTPPort, c.HTTPSPort, c.EdgeAdmin
	}
	s.MemoryMiB = memory(pid, dataDir) >> 20
	if err := s.ask(ctx); err != nil {
		s.Problem = err.Error()
		return s, nil
	}
	s.Ready = true
	return s, nil
}

// ask fills in what only the API server knows; the error says what does not serve.
func (s *status) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	cfg, err := clientcmd.BuildConfigFromFlags("", s.Kubeconfig)
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return err
	}
	version, err := client.ServerVersion()
	if err != nil {
		return err
	}
	s.Kubernetes = version.GitVersion
	if s.EdgeAdmin == "" {
		return nil // without a node
	}
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	pods, err := client.CoreV1().Pods("").List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	// The edge's pod has no node: it stands for a part of velad.
	placed := slices.DeleteFunc(pods.Items, func(p corev1.Pod) bool { return p.Spec.NodeName == "" && p.Status.Phase == corev1.PodRunning })
	s.Pods = fmt.Sprintf("%d running of %d", running(placed), len(placed))
	if len(nodes.Items) == 0 {
		return errors.New("the node has not registered yet")
	}
	for _, c := range nodes.Items[0].Status.Conditions {
		if c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue {
			s.Node = nodes.Items[0].Name + " is ready"
			return nil
		}
	}
	return fmt.Errorf("the node %s is not ready", nodes.Items[0].Name)
}

func running(pods []corev1.Pod) int {
	n := 0
	for _, p := range pods {
		if p.Status.Phase == corev1.PodRunning {
			n++
		}
	}
	return n
}

// memory sums the proportional set size of velad and of the programs it
// unpacked, in bytes.
func memory(pid int, dataDir string) int64 {
	sum := pss(pid)
	pids, err := sweep.Programs(server.PlacesOf(dataDir))
	if err != nil {
		return sum
	}
	for _, p := range pids {
		sum += pss(p)
	}
	return sum
}

func pss(pid int) int64 {
	data, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(data) {
		f := strings.Fields(string(line))
		if len(f) > 1 && f[0] == "Pss:" {
			kib, _ := strconv.ParseInt(f[1], 10, 64)
			return kib << 10
		}
	}
	return 0
}

func (s status) print(out io.Writer) {
	if !s.Running {
		return
	}
	row := func(name, value string) {
		if value != "" {
			_, _ = fmt.Fprintf(out, "%-12s %s\n", name, value)
		}
	}
	state := "serves"
	if !s.Ready {
		state = "does not serve"
	}
	row("velad", fmt.Sprintf("%s, process %d", state, s.PID))
	row("kubernetes", s.Kubernetes)
	row("node", s.Node)
	row("pods", s.Pods)
	if s.HTTPPort != 0 {
		row("gateway", fmt.Sprintf("http port %d, https port %d, plan at http://%s/-/plan", s.HTTPPort, s.HTTPSPort, s.EdgeAdmin))
	}
	row("memory", fmt.Sprintf("%d MiB, containers' own not counted", s.MemoryMiB))
	row("data", s.DataDir)
	row("kubeconfig", s.Kubeconfig)
}
