// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	goruntime "runtime"
	"syscall"
	"time"

	containerd "github.com/containerd/containerd/v2/client"

	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/payload"
)

// Config of the container runtime.
type Config struct {
	DataDir string // images and metadata
	RunDir  string // sockets and the state of running containers; a short path
	LogFile string
	CNIDir  string // settings of the pod network
	// Payload unpacks the programs.
	Payload func() (payload.Paths, error)
}

// Containerd is the container runtime component.
type Containerd struct {
	cfg   Config
	paths payload.Paths
	task  *component.Task
}

var (
	_ component.Component = (*Containerd)(nil)
	_ component.Mortal    = (*Containerd)(nil)
)

// New returns a runtime that is not started.
func New(cfg Config) *Containerd { return &Containerd{cfg: cfg, task: component.NewTask()} }

// Name of the component.
func (*Containerd) Name() string { return "containerd" }

// Socket is where containerd listens, given velad's run directory.
func Socket(runDir string) string { return filepath.Join(runDir, "containerd.sock") }

const settings = `version = 4
root = '%[1]s/root'
state = '%[2]s/containerd'
imports = []
disabled_plugins = [
  'io.containerd.snapshotter.v1.blockfile', 'io.containerd.snapshotter.v1.btrfs', 'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.erofs', 'io.containerd.snapshotter.v1.zfs', 'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.internal.v1.tracing', 'io.containerd.differ.v1.erofs',
]

[plugins.'io.containerd.server.v1.grpc']
  address = '%[3]s'
[plugins.'io.containerd.server.v1.ttrpc']
  address = '%[3]s.ttrpc'
[plugins.'io.containerd.shim.v1.manager']
  socket_dir = '%[2]s/s'
[plugins.'io.containerd.internal.v1.opt']
  path = '%[1]s/opt'
[plugins.'io.containerd.nri.v1.nri']
  disable = true
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = '%[4]s'
[plugins.'io.containerd.cri.v1.runtime']
  # A process without CAP_SYS_RESOURCE cannot lower the score below its own.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  cdi_spec_dirs = []
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ['%[5]s']
    conf_dir = '%[6]s'
    use_internal_loopback = true
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = 'io.containerd.runc.v2'
    runtime_path = '%[7]s'
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = '%[8]s'
      Root = '%[2]s/runc'
      SystemdCgroup = false
`

// Init makes the directories.
func (c *Containerd) Init(context.Context) error {
	for _, dir := range []string{c.cfg.DataDir, c.cfg.RunDir} {
		if err := os.MkdirAll(dir, 0o711); err != nil {
			return fmt.Errorf("making its directory: %w", err)
		}
	}
	return nil
}

// Start unpacks the programs and starts the child.
func (c *Containerd) Start(context.Context) error {
	var err error
	if c.paths, err = c.cfg.Payload(); err != nil {
		return fmt.Errorf("unpacking: %w", err)
	}
	p := c.paths
	config := filepath.Join(c.cfg.DataDir, "config.toml")
	text := fmt.Sprintf(settings, c.cfg.DataDir, c.cfg.RunDir, Socket(c.cfg.RunDir), p.PauseImage, p.CNIDir, c.cfg.CNIDir, p.ContainerdShim, p.Runc)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return fmt.Errorf("writing its settings: %w", err)
	}
	log, err := os.OpenFile(c.cfg.LogFile, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("opening its log: %w", err)
	}
	cmd := exec.Command(p.Containerd, "--config", config, "--log-level", "warn")
	cmd.Env = append(os.Environ(), "PATH="+p.BinDir+":"+os.Getenv("PATH"), "GOGC=50", "GOMEMLIMIT=64MiB")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started := make(chan error, 1)
	c.task.Go(func(ctx context.Context) error {
		// The kernel sends the death signal when the starting thread ends, not
		// the process: the thread has to live as long as the child.
		goruntime.LockOSThread()
		defer goruntime.UnlockOSThread()
		defer func() { _ = log.Close() }()
		if err := cmd.Start(); err != nil {
			started <- err
			return err
		}
		started <- nil
		return supervise(ctx, cmd, c.cfg.LogFile)
	})
	if err := <-started; err != nil {
		return fmt.Errorf("starting %s: %w", p.Containerd, err)
	}
	return nil
}

// supervise waits for the child, and ends it when ctx does.
func supervise(ctx context.Context, cmd *exec.Cmd, log string) error {
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return fmt.Errorf("it ended (%w); its log is %s", err, log)
	case <-ctx.Done():
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-ended: //nolint:errcheck // it was asked to end; how does not matter
	case <-time.After(5 * time.Second):
		_ = cmd.Process.Kill()
		<-ended //nolint:errcheck // it was killed
	}
	return nil
}

// Ready waits until containerd answers and holds the pause image.
func (c *Containerd) Ready(ctx context.Context) error {
	var client *containerd.Client
	err := component.Poll(ctx, 50*time.Millisecond, func(ctx context.Context) error {
		var err error
		if client == nil {
			client, err = Connect(c.cfg.RunDir)
			if err != nil {
				return err
			}
		}
		ok, err := client.IsServing(ctx)
		if err == nil && !ok {
			err = errors.New("it does not serve yet")
		}
		return err
	})
	if client != nil {
		defer func() { _ = client.Close() }()
	}
	if err != nil {
		return err
	}
	if _, err := client.GetImage(ctx, c.paths.PauseImage); err == nil {
		return nil
	}
	if _, err := Load(ctx, client, c.paths.PauseImageArchive); err != nil {
		return fmt.Errorf("loading the pause image: %w", err)
	}
	return nil
}

// Died yields the error of a child that ended on its own.
func (c *Containerd) Died() <-chan error { return c.task.Died() }

// Stop ends all pods and then containerd.
func (c *Containerd) Stop(ctx context.Context) error {
	err := endPods(ctx, c.cfg.RunDir)
	return errors.Join(err, c.task.Halt(ctx))
}
