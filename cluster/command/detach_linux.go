// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/progress"
	"github.com/vela-rollouts/vela/cluster/server"
)

// message is what a detached velad tells its parent: an event, or the end of the start.
type message struct {
	Event *component.Event `json:"event,omitempty"`
	Up    bool             `json:"up,omitempty"`
	Error string           `json:"error,omitempty"`
	Took  time.Duration    `json:"took,omitempty"`
	// First is the account of the web UI that was made.
	First server.Account `json:"first,omitzero"`
}

// toParent tells over a pipe. The parent goes when the cluster is up; from
// then on nobody listens, which is no error.
func toParent(pipe *os.File) teller {
	enc := json.NewEncoder(pipe)
	return teller{
		event: func(e component.Event) { _ = enc.Encode(message{Event: &e}) },
		up: func(took time.Duration, first server.Account) {
			_ = enc.Encode(message{Up: true, Took: took, First: first})
			_ = pipe.Close()
		},
		end: func(err error) {
			if err != nil {
				_ = enc.Encode(message{Error: err.Error()})
			}
			_ = pipe.Close()
		},
	}
}

// detached starts this program again in the background and shows its start.
func (o *upOptions) detached(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(server.LogFile(o.DataDir), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("opening the log: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(self, o.childArgs()...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{write} // becomes number 3
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Dir = "/"
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting in the background: %w", err)
	}
	_ = write.Close()
	// Ctrl-C while it starts: take it down again.
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })
	defer stop()
	return o.follow(read)
}

func (o *upOptions) childArgs() []string {
	args := []string{
		"up", "--progress-fd=3", "--data-dir=" + o.DataDir,
		fmt.Sprintf("--http-port=%d", o.HTTPPort), fmt.Sprintf("--https-port=%d", o.HTTPSPort), fmt.Sprintf("--api-port=%d", o.APIPort),
		fmt.Sprintf("--ui-port=%d", o.UIPort), fmt.Sprintf("--ui-shell=%t", o.UIShell),
		"--pod-cidr=" + o.PodCIDR, "--service-cidr=" + o.ServiceCIDR, "--gateway-pool=" + o.GatewayPool,
		fmt.Sprintf("--control-plane-only=%t", o.ControlPlaneOnly), fmt.Sprintf("--no-fast-path=%t", o.NoFastPath),
		fmt.Sprintf("--without-vela=%t", o.WithoutVela), fmt.Sprintf("--verbose=%t", o.Verbose),
	}
	if o.AuditLog != "" {
		args = append(args, "--audit-log="+o.AuditLog)
	}
	return args
}

// follow shows the start until it is over, one way or the other.
func (o *upOptions) follow(pipe io.ReadCloser) error {
	defer func() { _ = pipe.Close() }()
	file, ok := o.streams.Out.(*os.File)
	p := progress.New(o.streams.Out, ok && term.IsTerminal(int(file.Fd())))
	dec := json.NewDecoder(pipe)
	for {
		var m message
		err := dec.Decode(&m)
		switch {
		case errors.Is(err, io.EOF):
			return fmt.Errorf("velad ended before everything served; the end of its log (%s):\n%s", server.LogFile(o.DataDir), tail(server.LogFile(o.DataDir)))
		case err != nil:
			return fmt.Errorf("following the start: %w", err)
		case m.Error != "":
			return fmt.Errorf("%s; more is in %s", m.Error, server.LogFile(o.DataDir))
		case m.Up:
			p.Total("Everything serves after", m.Took)
			o.hints(o.streams.Out, m.First)
			return nil
		case m.Event != nil:
			p.Show(*m.Event)
		}
	}
}

// tail is the last lines of a file.
func tail(file string) string {
	const lines = 10
	data, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimSpace(string(data)), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// hints says where the web UI is, with the account that was made, and what to do next.
func (o *upOptions) hints(out io.Writer, first server.Account) {
	if url := o.UIURL(); url != "" {
		_, _ = fmt.Fprintf(out, "\nVelaUX: %s\n", url)
		if first.Name != "" {
			_, _ = fmt.Fprintf(out, "  sign in as %s with the password %s\n  (it is shown this once; another one: vela account password %s)\n", first.Name, first.Password, first.Name)
		}
	}
	dir := ""
	if o.DataDir != server.Defaults().DataDir {
		dir = " --data-dir " + o.DataDir
	}
	if o.ControlPlaneOnly {
		_, _ = fmt.Fprintf(out, "\nNext:\n  export KUBECONFIG=%s\n  velad down%s\n", server.Kubeconfig(o.DataDir), dir)
		return
	}
	load, status := "velad image load"+dir+" IMAGE.tar", "velad status"+dir
	width := max(len(load), len("vela up -f app.yaml"))
	_, _ = fmt.Fprintf(out, "\nNext:\n  %-*s   give it an image\n  %-*s   release an application\n  %-*s   see how the cluster is\n",
		width, load, width, "vela up -f app.yaml", width, status)
}
