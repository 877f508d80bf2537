// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/tarball"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/vela-rollouts/vela/internal/install"
)

// lease is what the controllers elect their leader by.
const lease = "vela-core.release.oam.dev"

// TestTheChartReleasesThePage installs vela by its chart in a cluster that has none, and plays the page under load by two replicas with the
// chart's rights alone: the leader is killed half-way, the chart is upgraded, and what it deployed goes on when it is gone.
func TestTheChartReleasesThePage(t *testing.T) {
	p := newPage(t, "--without-vela")
	ctx := t.Context()
	client, err := kubernetes.NewForConfig(p.REST())
	must(t, err)
	release, err := install.Open(p.REST(), install.Namespace, slog.New(slog.DiscardHandler))
	must(t, err)
	tag := loadCoreImages(t)
	values := map[string]any{"edgeURLs": []any{edgeOfTheCluster(t, client)}, "crds": map[string]any{"enabled": false}, "roles": map[string]any{"enabled": false}}

	t.Cleanup(func() {
		if t.Failed() {
			tellPods(t, client, install.Namespace)
		}
	})
	scene(t, "it is installed", func(t *testing.T) {
		chart, err := install.Chart(tag)
		must(t, err)
		must(t, release.Install(ctx, chart, install.Options{Values: values, Patience: 3 * time.Minute}))
	})
	scene(t, "version 1 runs", func(t *testing.T) { firstVersion(t, p) })
	scene(t, "version 2 at 20 %", func(t *testing.T) {
		canaryAt20(t, p)
		share(t, p, "V2", 20)
	})
	scene(t, "the leader is killed, the other replica goes on", func(t *testing.T) {
		was := leader(t, client)
		none := int64(0)
		must(t, client.CoreV1().Pods(install.Namespace).Delete(ctx, was, metav1.DeleteOptions{GracePeriodSeconds: &none}))
		must(t, p.Resume(ctx))
		must(t, p.SuspendedAt(ctx, "v2", "suspend-2nd"))
		share(t, p, "V2", 50)
		if is := leader(t, client); is == was {
			t.Errorf("the leader is still %s", is)
		}
	})
	scene(t, "the chart is upgraded in the middle of the release", func(t *testing.T) {
		chart, err := install.Chart(tag)
		must(t, err)
		more := map[string]any{"core": map[string]any{"verbose": true}}
		must(t, release.Upgrade(ctx, chart, install.Options{Values: more, Patience: 3 * time.Minute}))
		share(t, p, "V2", 50)
	})
	scene(t, "back to version 1", func(t *testing.T) { back(t, p) })
	scene(t, "version 2 again, to the end", func(t *testing.T) {
		must(t, p.Send(ctx, anew(t, "v2.yaml", "v2", "again")))
		for _, step := range []string{"suspend-1st", "suspend-2nd"} {
			must(t, p.SuspendedAt(ctx, "again", step))
			must(t, p.Resume(ctx))
		}
		must(t, p.Running(ctx, "again"))
		must(t, p.HelpersGone(ctx))
		share(t, p, "V2", 100)
	})
	scene(t, "it is uninstalled, and what it deployed goes on", func(t *testing.T) {
		must(t, release.Uninstall(install.Options{Patience: 3 * time.Minute}))
		share(t, p, "V2", 100)
	})
	scene(t, "not one request failed", func(t *testing.T) { noneFailed(t, p) })
}

// loadCoreImages gives velad the images that the chart runs, and tells their tag.
func loadCoreImages(t *testing.T) (tag string) {
	t.Helper()
	archives, err := filepath.Glob(root("bin", "core", "*.tar"))
	must(t, err)
	if len(archives) == 0 {
		t.Fatal("there are no images of vela-core and vela-edge: run `make core-images`")
	}
	for _, archive := range archives {
		manifest, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(archive) })
		must(t, err)
		_, tag, _ = strings.Cut(manifest[0].RepoTags[0], ":")
	}
	args := append([]string{"image", "load", "--data-dir", config().DataDir}, archives...)
	if out, err := exec.CommandContext(t.Context(), root("bin", "velad"), args...).CombinedOutput(); err != nil {
		t.Fatalf("loading the images of the chart: %v\n%s", err, out)
	}
	return tag
}

// edgeOfTheCluster is where velad's own gateway says what it serves, as pods reach it.
func edgeOfTheCluster(t *testing.T, client kubernetes.Interface) string {
	t.Helper()
	nodes, err := client.CoreV1().Nodes().List(t.Context(), metav1.ListOptions{})
	must(t, err)
	for _, a := range nodes.Items[0].Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			return fmt.Sprintf("http://%s:%d", a.Address, edgeAdminPort)
		}
	}
	t.Fatal("the node has no address")
	return ""
}

// edgeAdminPort is where velad's gateway says what it serves.
const edgeAdminPort = 9180

// leader is the pod that holds the lease.
func leader(t *testing.T, client kubernetes.Interface) string {
	t.Helper()
	l, err := client.CoordinationV1().Leases(install.Namespace).Get(context.WithoutCancel(t.Context()), lease, metav1.GetOptions{})
	must(t, err)
	if l.Spec.HolderIdentity == nil {
		return ""
	}
	host, _, _ := strings.Cut(*l.Spec.HolderIdentity, "_") // the rest makes it unique
	return host
}

// tellPods shows what became of the pods of a namespace.
func tellPods(t *testing.T, client kubernetes.Interface, namespace string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	pods, err := client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		t.Logf("listing the pods: %v", err)
		return
	}
	lines := int64(20)
	for _, pod := range pods.Items {
		for _, c := range pod.Status.ContainerStatuses {
			t.Logf("pod %s: ready %t, restarts %d, state %+v, last %+v", pod.Name, c.Ready, c.RestartCount, c.State, c.LastTerminationState)
		}
		said, err := client.CoreV1().Pods(namespace).GetLogs(pod.Name, &corev1.PodLogOptions{TailLines: &lines}).DoRaw(ctx)
		t.Logf("log of %s (%v):\n%s", pod.Name, err, said)
	}
}
