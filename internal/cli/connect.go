// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"os"

	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// Where is what the flags say about the cluster.
type Where struct {
	Kubeconfig string
	Context    string
}

// open finds the cluster. A person who did not name one, where several could be meant, is told which it is.
func (w Where) open(sh *shell.Shell, p Process) (*cluster.Cluster, error) {
	source, err := cluster.Find(cluster.Machine{
		Flag: w.Kubeconfig, Getenv: p.Getenv, Home: p.Home,
		ReadFile: os.ReadFile,
		Exists:   func(path string) bool { _, err := os.Stat(path); return err == nil },
	}, sh.Text)
	if err != nil {
		return nil, err
	}
	if source.Kind == cluster.FromVelad && !readable(source.Velad.Kubeconfig) {
		return nil, sh.Text.Error("cluster.not-yours", source.Velad.Kubeconfig)
	}
	c, err := cluster.Open(source, w.Context, warnings{sh}, sh.Text)
	if err != nil {
		return nil, err
	}
	if source.Chosen && sh.ErrTerminal {
		sh.Say(sh.ErrStyle.Faint(sh.Text.Of("cluster.using", source)))
	}
	return c, nil
}

func readable(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// warnings passes on what the API server warns of.
type warnings struct {
	sh *shell.Shell
}

// HandleWarningHeaderWithContext is called for each warning of an answer.
func (w warnings) HandleWarningHeaderWithContext(_ context.Context, code int, _ string, message string) {
	const miscellaneous = 299
	if code == miscellaneous && message != "" {
		w.sh.Warn(message)
	}
}
