// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// core is a vela-core process: the controllers and webhooks.
type core struct {
	args   []string
	health string // host:port
	log    *os.File

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{} // closed when the process of cmd has ended
}

// newCore prepares a process that reaches the API server through the proxy and follows these edges.
func (w *world) newCore(name string, port int, edges ...string) (*core, error) {
	dir := filepath.Join(w.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	kubeconfig, err := w.api.Kubeconfig(dir)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "vela-core.log"))
	if err != nil {
		return nil, err
	}
	c := &core{log: log, health: fmt.Sprintf("127.0.0.1:%d", port+1000)}
	c.args = []string{
		"--health-addr", c.health,
		"--kubeconfig", kubeconfig, "--cert-dir", filepath.Join(dir, "certs"),
		"--webhook-host", "127.0.0.1", "--webhook-port", strconv.Itoa(port), "--webhook-url", fmt.Sprintf("https://127.0.0.1:%d", port),
	}
	for _, e := range edges {
		c.args = append(c.args, "--edge-url", e)
	}
	return c, nil
}

// start runs it, with more arguments than its own where they are given.
func (c *core) start(more ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	cmd := exec.Command(root("bin", "vela-core"), append(more, c.args...)...)
	cmd.Stdout, cmd.Stderr = c.log, c.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // not longer than the scenarios, however these end
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting vela-core: %w", err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // it says that it was killed
		close(done)
	}()
	c.cmd, c.done = cmd, done
	return nil
}

// serve runs it and waits until it follows the cluster and its webhooks are registered.
func (c *core) serve(more ...string) error {
	if err := c.start(more...); err != nil {
		return err
	}
	deadline := time.Now().Add(time.Minute)
	for {
		resp, err := http.Get("http://" + c.health + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("status %d", resp.StatusCode)
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("waiting until vela-core is ready: %w", err)
		}
		time.Sleep(lookEvery)
	}
}

// signal sends one; a process that is gone already gets none.
func (c *core) signal(s syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cmd == nil {
		return nil
	}
	if err := c.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("sending %s to vela-core: %w", s, err)
	}
	return nil
}

// kill ends it as a power cut would.
func (c *core) kill() {
	_ = c.signal(syscall.SIGKILL)
	<-c.ended()
}

// ended is closed when the process has ended.
func (c *core) ended() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		none := make(chan struct{})
		close(none)
		return none
	}
	return c.done
}

// logged gives the end of the log.
func (c *core) logged() string {
	text, err := os.ReadFile(c.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-12_000):])
}
