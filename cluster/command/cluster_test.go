// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package command_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/vela-rollouts/vela/cluster/command"
	"github.com/vela-rollouts/vela/cluster/component"
)

// TestMain lets the test binary be velad too: it is started with velad's own
// arguments, also by itself for --detach.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-test.") {
		fd, _ := syscall.Dup(2)
		syscall.CloseOnExec(fd)
		if err := command.New("test", command.Streams{Out: os.Stdout, Err: os.Stderr}).ExecuteContext(context.Background()); err != nil {
			_, _ = fmt.Fprintln(os.NewFile(uintptr(fd), "stderr"), "Error:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const (
	apiPort, httpPort, httpsPort = 16443, 18080, 18443
	replicas                     = 3
)

// world is one velad with a data directory of its own.
type world struct {
	t      *testing.T
	dir    string
	client *kubernetes.Clientset
}

func (w *world) try(args ...string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	begun := time.Now()
	cmd := exec.Command(self, append(args, "--data-dir", w.dir)...)
	out, err := cmd.CombinedOutput()
	w.t.Logf("$ velad %s  (%.1f s)\n%s", strings.Join(args, " "), time.Since(begun).Seconds(), out)
	return string(out), err
}

func (w *world) velad(args ...string) string {
	w.t.Helper()
	out, err := w.try(args...)
	if err != nil {
		w.t.Fatalf("velad %v: %v\n%s", args, err, out)
	}
	return out
}

func (w *world) up() string {
	w.t.Helper()
	out := w.velad("up", "--detach", fmt.Sprintf("--api-port=%d", apiPort), fmt.Sprintf("--http-port=%d", httpPort), fmt.Sprintf("--https-port=%d", httpsPort))
	cfg, err := clientcmd.BuildConfigFromFlags("", filepath.Join(w.dir, "pki", "admin.kubeconfig"))
	if err != nil {
		w.t.Fatal(err)
	}
	cfg.QPS = -1
	w.client = kubernetes.NewForConfigOrDie(cfg)
	return out
}

func (w *world) pid() int {
	var s struct{ PID, MemoryMiB int }
	if err := json.Unmarshal([]byte(w.velad("status", "-o", "json")), &s); err != nil {
		w.t.Fatal(err)
	}
	w.t.Logf("memory: %d MiB", s.MemoryMiB)
	return s.PID
}

// gone waits until a killed process has let go of everything.
func (w *world) gone(pid int) {
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	err := component.Poll(ctx, 10*time.Millisecond, func(context.Context) error {
		if exists(fmt.Sprintf("/proc/%d/exe", pid)) {
			return fmt.Errorf("process %d is still there", pid)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestACluster(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("a node needs root")
	}
	if testing.Short() {
		t.Skip("runs a whole cluster")
	}
	before := machine(t)
	w := &world{t: t, dir: t.TempDir()}
	t.Cleanup(func() { _, _ = w.try("reset") })

	w.up()
	w.velad("image", "load", probeImage(t))
	w.deploy()
	pods := w.pods()
	t.Run("pods, Services and names reach each other", func(t *testing.T) { w.reach(t, pods) })
	t.Run("strangers are refused", func(t *testing.T) { refuseStrangers(t) })
	t.Run("a second one is refused", func(t *testing.T) {
		out, err := w.try("up")
		if err == nil || !strings.Contains(out, "runs already") || !strings.Contains(out, strconv.Itoa(w.pid())) {
			t.Errorf("got %v %s", err, out)
		}
	})
	t.Run("so is one on another directory, and its reset names the right one", func(t *testing.T) {
		for verb, want := range map[string]string{"up": "runs already on this machine, on " + w.dir, "reset": "but one on " + w.dir} {
			other := &world{t: t, dir: filepath.Join(t.TempDir(), "none")}
			out, err := other.try(verb)
			if err == nil || !strings.Contains(out, want) || strings.Contains(out, "port") {
				t.Errorf("%s: want a refusal that says %q and nothing of ports, got %v: %s", verb, want, err, out)
			}
		}
	})
	t.Run("containers outlive a sudden end, and the next start finds them", func(t *testing.T) {
		pid := w.pid()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		w.gone(pid)
		if _, err := get("http://" + pods[0].Status.PodIP + ":8080/"); err != nil {
			t.Errorf("a pod should still answer: %v", err)
		}
		w.up()
		after := w.pods()
		if containers(after) != containers(pods) {
			t.Errorf("containers were\n%s and are\n%s", containers(pods), containers(after))
		}
		w.reach(t, after)
	})
	t.Run("after down nothing runs, after up the pods are back", func(t *testing.T) {
		w.velad("down")
		left := extra(before, machine(t))
		if len(left) > 0 {
			t.Errorf("down left behind:\n%s", strings.Join(left, "\n"))
		}
		w.up()
		w.reach(t, w.pods())
	})
	t.Run("reset after a sudden end leaves nothing", func(t *testing.T) {
		pid := w.pid()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		w.gone(pid)
		w.velad("reset")
		if left := extra(before, machine(t)); len(left) > 0 {
			t.Errorf("reset left behind:\n%s", strings.Join(left, "\n"))
		}
		if exists(w.dir) {
			t.Error("the data directory is still there")
		}
	})
}

func (w *world) deploy() {
	w.t.Helper()
	ctx, labels, n, prefix := w.t.Context(), map[string]string{"app": "probe"}, int32(replicas), networkingv1.PathTypePrefix
	port := intstr.FromInt32(8080)
	_, err := w.client.AppsV1().Deployments("default").Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "probe"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &n, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{
					Name: "probe", Image: "test/probe:v1",
					ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/", Port: port}}, PeriodSeconds: 1},
				}}},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = w.client.CoreV1().Services("default").Create(ctx, &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "probe"},
		Spec:       corev1.ServiceSpec{Selector: labels, Ports: []corev1.ServicePort{{Port: 80, TargetPort: port}}},
	}, metav1.CreateOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = w.client.NetworkingV1().Ingresses("default").Create(ctx, &networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{Name: "probe"},
		Spec: networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
			Paths: []networkingv1.HTTPIngressPath{{Path: "/", PathType: &prefix, Backend: networkingv1.IngressBackend{
				Service: &networkingv1.IngressServiceBackend{Name: "probe", Port: networkingv1.ServiceBackendPort{Number: 80}},
			}}},
		}}}}},
	}, metav1.CreateOptions{})
	if err != nil {
		w.t.Fatal(err)
	}
}

// pods waits until all replicas are ready.
func (w *world) pods() []corev1.Pod {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	begun := time.Now()
	var pods []corev1.Pod
	err := component.Poll(ctx, 100*time.Millisecond, func(ctx context.Context) error {
		d, err := w.client.AppsV1().Deployments("default").Get(ctx, "probe", metav1.GetOptions{})
		if err != nil {
			return err
		}
		list, err := w.client.CoreV1().Pods("default").List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		pods = list.Items
		if d.Status.ReadyReplicas != replicas || d.Status.ObservedGeneration != d.Generation {
			return fmt.Errorf("%d of %d are ready: %s", d.Status.ReadyReplicas, replicas, reasons(pods))
		}
		for _, p := range pods {
			if _, err := get("http://" + p.Status.PodIP + ":8080/"); err != nil {
				return fmt.Errorf("%s is called ready: %w", p.Name, err)
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatalf("waiting for the pods: %v", err)
	}
	w.t.Logf("%d pods are ready after %.1f s", len(pods), time.Since(begun).Seconds())
	return pods
}

func reasons(pods []corev1.Pod) string {
	var out []string
	for _, p := range pods {
		for _, c := range p.Status.ContainerStatuses {
			if c.State.Waiting != nil {
				out = append(out, p.Name+": "+c.State.Waiting.Reason+" "+c.State.Waiting.Message)
			}
		}
	}
	return strings.Join(out, "; ")
}

func containers(pods []corev1.Pod) string {
	var out strings.Builder
	for _, p := range pods {
		_, _ = fmt.Fprintf(&out, "%s %s %s restarts %d\n", p.Name, p.Status.PodIP, p.Status.ContainerStatuses[0].ContainerID, p.Status.ContainerStatuses[0].RestartCount)
	}
	return out.String()
}
