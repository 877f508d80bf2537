// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package play

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Config says where the binaries are and where the cluster lives.
type Config struct {
	// Bin is the folder with vela and velad, Images the one with the demo image archives.
	Bin, Images string
	// DataDir of velad; what is there is removed first.
	DataDir string
	// HTTPPort, HTTPSPort and APIPort that velad listens on.
	HTTPPort, HTTPSPort, APIPort int
	// UpArgs are added to velad up.
	UpArgs []string
	// Transcript receives each command and its output; nil for none.
	Transcript io.Writer
}

// Cluster is a running velad.
type Cluster struct {
	cfg        Config
	kubeconfig string
	rest       *rest.Config
}

// Start removes what an earlier run left in the data directory, starts velad and loads the demo images.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	c := &Cluster{cfg: cfg, kubeconfig: filepath.Join(cfg.DataDir, "play.kubeconfig")}
	if _, err := os.Stat(cfg.DataDir); err == nil {
		if err := c.velad(ctx, "reset", "--data-dir", cfg.DataDir); err != nil {
			return nil, fmt.Errorf("removing an earlier cluster: %w", err)
		}
	}
	if err := c.Up(ctx); err != nil {
		return nil, err
	}
	archives, err := filepath.Glob(filepath.Join(cfg.Images, "*.tar"))
	if err != nil || len(archives) == 0 {
		return nil, fmt.Errorf("no image archives in %s: run `make images`", cfg.Images)
	}
	args := append([]string{"image", "load", "--data-dir", cfg.DataDir}, archives...)
	if err := c.velad(ctx, args...); err != nil {
		return nil, fmt.Errorf("loading the demo images: %w", err)
	}
	return c, nil
}

// Up runs velad up and waits until it says that the cluster is ready.
func (c *Cluster) Up(ctx context.Context) error {
	if err := c.velad(ctx, c.UpArgs()...); err != nil {
		return fmt.Errorf("starting velad: %w", err)
	}
	text, err := exec.CommandContext(ctx, c.bin("velad"), "kubeconfig", "--data-dir", c.cfg.DataDir).Output()
	if err != nil {
		return fmt.Errorf("asking velad for its kubeconfig: %w", err)
	}
	if err := os.WriteFile(c.kubeconfig, text, 0o600); err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	c.rest, err = clientcmd.RESTConfigFromKubeConfig(text)
	if err != nil {
		return fmt.Errorf("reading velad's kubeconfig: %w", err)
	}
	c.rest.QPS = -1
	return nil
}

// UpArgs are the arguments by which velad starts this cluster.
func (c *Cluster) UpArgs() []string {
	return append([]string{"up", "--detach", "--data-dir", c.cfg.DataDir,
		"--http-port", strconv.Itoa(c.cfg.HTTPPort), "--https-port", strconv.Itoa(c.cfg.HTTPSPort),
		"--api-port", strconv.Itoa(c.cfg.APIPort)}, c.cfg.UpArgs...)
}

// Down stops velad and leaves its data; Reset removes all of it.
func (c *Cluster) Down(ctx context.Context) error {
	return c.velad(ctx, "down", "--data-dir", c.cfg.DataDir)
}

// Reset stops velad and removes everything that it made on this machine.
func (c *Cluster) Reset(ctx context.Context) error {
	return c.velad(ctx, "reset", "--data-dir", c.cfg.DataDir)
}

// Gateway is the address that requests are sent to.
func (c *Cluster) Gateway() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(c.cfg.HTTPPort))
}

// Kubeconfig is the path of the file that the commands use.
func (c *Cluster) Kubeconfig() string { return c.kubeconfig }

// REST is the configuration of an administrator's client.
func (c *Cluster) REST() *rest.Config { return rest.CopyConfig(c.rest) }

// Result is how a command ended.
type Result struct {
	// Output is what it wrote to stdout and stderr, in order.
	Output string
	// Code is its exit code.
	Code int
}

// Vela runs the command line with stdin and returns its output and exit code; only a command that could not be run is an error.
func (c *Cluster) Vela(ctx context.Context, stdin string, args ...string) (Result, error) {
	c.say("\n$ vela %s\n", strings.Join(args, " "))
	cmd := exec.CommandContext(ctx, c.bin("vela"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.kubeconfig)
	cmd.Stdin = strings.NewReader(stdin)
	return c.run(cmd)
}

// MustVela is Vela, with a non-zero exit code as an error.
func (c *Cluster) MustVela(ctx context.Context, stdin string, args ...string) (string, error) {
	r, err := c.Vela(ctx, stdin, args...)
	if err == nil && r.Code != 0 {
		err = fmt.Errorf("vela %s: exit code %d: %s", strings.Join(args, " "), r.Code, r.Output)
	}
	return r.Output, err
}

func (c *Cluster) velad(ctx context.Context, args ...string) error {
	c.say("\n$ velad %s\n", strings.Join(args, " "))
	r, err := c.run(exec.CommandContext(ctx, c.bin("velad"), args...))
	if err == nil && r.Code != 0 {
		err = fmt.Errorf("velad %s: exit code %d: %s", strings.Join(args, " "), r.Code, r.Output)
	}
	return err
}

func (c *Cluster) run(cmd *exec.Cmd) (Result, error) {
	var both bytes.Buffer
	var out io.Writer = &both
	if c.cfg.Transcript != nil {
		out = io.MultiWriter(&both, c.cfg.Transcript)
	}
	cmd.Stdout, cmd.Stderr = out, out
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return Result{both.String(), exit.ExitCode()}, nil
	}
	return Result{Output: both.String()}, err
}

func (c *Cluster) bin(name string) string { return filepath.Join(c.cfg.Bin, name) }

func (c *Cluster) say(format string, args ...any) {
	if c.cfg.Transcript != nil {
		fmt.Fprintf(c.cfg.Transcript, format, args...)
	}
}
