// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package payload

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	containerd "github.com/containerd/containerd/v2/client"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const containerdConfig = `version = 4
root = '%[1]s/root'
state = '%[1]s/state'
imports = []

[plugins.'io.containerd.server.v1.grpc']
  address = '%[1]s/c.sock'
[plugins.'io.containerd.server.v1.ttrpc']
  address = '%[1]s/c.sock.ttrpc'
[plugins.'io.containerd.shim.v1.manager']
  socket_dir = '%[1]s/s'
[plugins.'io.containerd.internal.v1.opt']
  path = '%[1]s/opt'
[plugins.'io.containerd.nri.v1.nri']
  disable = true
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '%[2]s'
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  cdi_spec_dirs = []
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ['%[3]s']
    conf_dir = '%[1]s/net.d'
    use_internal_loopback = true
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = 'io.containerd.runc.v2'
    runtime_path = '%[4]s'
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = '%[5]s'
      Root = '%[1]s/runc'
      SystemdCgroup = false
`

const podNetwork = `{
  "cniVersion": "1.0.0",
  "name": "payload-test",
  "plugins": [
    {"type": "bridge", "bridge": "payload0", "isGateway": true, "ipam": {
      "type": "host-local", "dataDir": "%[1]s/ipam", "ranges": [[{"subnet": "10.199.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}`

// TestContainerdRunsAPod starts the built containerd in network and mount namespaces of its own, imports the pause image and
// runs a pod on the bridge with the default seccomp profile: the programs fit each other.
func TestContainerdRunsAPod(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("running containers needs root")
	}
	if testing.Short() {
		t.Skip("starts containerd")
	}
	dir, err := os.MkdirTemp("", "payload") //nolint:usetesting // sockets' names may have 107 bytes at most; those of TempDir are long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	programs, err := Unpack(filepath.Join(dir, "p"))
	if errors.Is(err, ErrEmpty) {
		t.Skip("the payload has not been built")
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	socket := startContainerd(t, dir, programs)
	client, err := containerd.New(socket, containerd.WithDefaultNamespace("k8s.io"), containerd.WithTimeout(30*time.Second))
	if err != nil {
		t.Fatalf("connecting to containerd: %v", err)
	}
	defer client.Close()
	importImage(ctx, t, client, programs)
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	runPod(ctx, t, cri.NewRuntimeServiceClient(conn))
}

func startContainerd(t *testing.T, dir string, p Paths) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "net.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "net.d", "10-test.conflist"), fmt.Appendf(nil, podNetwork, dir))
	config := filepath.Join(dir, "config.toml")
	write(t, config, fmt.Appendf(nil, containerdConfig, dir, p.PauseImage, p.CNIDir, p.ContainerdShim, p.Runc))
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(p.Containerd, "--config", config)
	cmd.Env = append(os.Environ(), "PATH="+p.BinDir+":"+os.Getenv("PATH"))
	cmd.Stdout, cmd.Stderr = log, log
	// Unshared, so that no bridge and no mount of this test appears on the machine.
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS, Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting containerd: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		_ = log.Close()
		if !t.Failed() {
			return
		}
		if data, err := os.ReadFile(log.Name()); err == nil {
			t.Logf("containerd printed:\n%s", data)
		}
	})
	return filepath.Join(dir, "c.sock")
}

func importImage(ctx context.Context, t *testing.T, client *containerd.Client, p Paths) {
	t.Helper()
	archive, err := os.Open(p.PauseImageArchive)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	images, err := client.Import(ctx, archive)
	if err != nil {
		t.Fatalf("importing the pause image: %v", err)
	}
	if len(images) != 1 || images[0].Name != p.PauseImage {
		t.Fatalf("imported %v, want the one image %s", images, p.PauseImage)
	}
}

// cgroupParent is where the test's pod is; containerd leaves the parent of a pod to its caller.
const cgroupParent = "/vela-payload-test"

func removeCgroups() {
	// One hierarchy with cgroup v2, one below each controller with v1. Only empty groups can be removed.
	for _, pattern := range []string{"/sys/fs/cgroup" + cgroupParent, "/sys/fs/cgroup/*" + cgroupParent} {
		groups, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		for _, group := range groups {
			_ = syscall.Rmdir(group)
		}
	}
}

func runPod(ctx context.Context, t *testing.T, runtime cri.RuntimeServiceClient) {
	t.Helper()
	pod := &cri.PodSandboxConfig{
		Metadata: &cri.PodSandboxMetadata{Name: "pod", Uid: "1", Namespace: "test"},
		Hostname: "pod",
		Linux: &cri.LinuxPodSandboxConfig{
			CgroupParent: cgroupParent,
			SecurityContext: &cri.LinuxSandboxSecurityContext{
				Seccomp: &cri.SecurityProfile{ProfileType: cri.SecurityProfile_RuntimeDefault},
			},
		},
	}
	t.Cleanup(removeCgroups)
	made, err := runtime.RunPodSandbox(ctx, &cri.RunPodSandboxRequest{Config: pod}, grpc.WaitForReady(true))
	if err != nil {
		t.Fatalf("running a pod: %v", err)
	}
	id := made.PodSandboxId
	status, err := runtime.PodSandboxStatus(ctx, &cri.PodSandboxStatusRequest{PodSandboxId: id, Verbose: true})
	if err != nil {
		t.Errorf("asking for the pod's status: %v", err)
	}
	if state := status.GetStatus().GetState(); state != cri.PodSandboxState_SANDBOX_READY {
		t.Errorf("the pod is %v, want ready", state)
	}
	if ip := status.GetStatus().GetNetwork().GetIp(); !strings.HasPrefix(ip, "10.199.0.") {
		t.Errorf("the pod has address %q, want one of the bridge's range", ip)
	}
	checkSeccomp(t, status.GetInfo()["info"])
	if _, err := runtime.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: id}); err != nil {
		t.Errorf("stopping the pod: %v", err)
	}
	if _, err := runtime.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: id}); err != nil {
		t.Errorf("removing the pod: %v", err)
	}
}

// checkSeccomp reads from the kernel that the pod's first process runs under a filter.
func checkSeccomp(t *testing.T, info string) {
	t.Helper()
	var verbose struct {
		Pid int `json:"pid"`
	}
	if err := json.Unmarshal([]byte(info), &verbose); err != nil || verbose.Pid == 0 {
		t.Errorf("the pod's status names no process (%v): %s", err, info)
		return
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", verbose.Pid))
	if err != nil {
		t.Errorf("the pod's first process must live until the pod is stopped: %v", err)
		return
	}
	if !strings.Contains(string(status), "\nSeccomp:\t2\n") {
		t.Errorf("the pod's first process runs without a seccomp filter:\n%s", status)
	}
}
