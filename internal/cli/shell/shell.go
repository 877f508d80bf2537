// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/text"
)

// Shell is handed to every verb.
type Shell struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// InTerminal, OutTerminal and ErrTerminal say which streams are a person's terminal.
	InTerminal, OutTerminal, ErrTerminal bool
	Getenv                               func(string) string
	Now                                  func() time.Time
	Text                                 text.Text
	// Style colours for Out, ErrStyle for Err.
	Style, ErrStyle output.Style
	// Open finds the cluster and makes its clients; it is called by Cluster, once.
	Open func(ctx context.Context) (*cluster.Cluster, error)
	// NamespaceFlag is what -n was given.
	NamespaceFlag string
	// Version of vela.
	Version string

	opened *cluster.Cluster
	warned map[string]bool
}

// Cluster is the cluster to talk to; the first call finds it.
func (s *Shell) Cluster(ctx context.Context) (*cluster.Cluster, error) {
	if s.opened != nil {
		return s.opened, nil
	}
	c, err := s.Open(ctx)
	if err != nil {
		return nil, err
	}
	s.opened = c
	return c, nil
}

// Namespace is what -n was given, else the namespace of the kubeconfig's context, else "default".
func (s *Shell) Namespace(c *cluster.Cluster) string {
	switch {
	case s.NamespaceFlag != "":
		return s.NamespaceFlag
	case c != nil && c.Namespace != "":
		return c.Namespace
	default:
		return "default"
	}
}

// Printf writes to Out.
func (s *Shell) Printf(format string, args ...any) {
	fmt.Fprintf(s.Out, format, args...)
}

// Say writes a line for people to Err, where it does not mix with what is piped on.
func (s *Shell) Say(line string) {
	fmt.Fprintln(s.Err, line)
}

// Warn says what the API server warns of, each sentence once.
func (s *Shell) Warn(message string) {
	if s.warned[message] {
		return
	}
	if s.warned == nil {
		s.warned = map[string]bool{}
	}
	s.warned[message] = true
	s.Say(s.ErrStyle.Wait(s.Text.Of("warning", message)))
}

// Warned says that the API server warned of something.
func (s *Shell) Warned() bool { return len(s.warned) > 0 }

// Usage is an error of the command line itself.
func (s *Shell) Usage(key string, args ...any) error {
	return exit.With(exit.Usage, s.Text.Error(key, args...))
}

// Name takes the one argument of a verb that works on one thing; key is the sentence when it is missing.
func (s *Shell) Name(args []string, key string) (string, error) {
	switch {
	case len(args) == 1 && args[0] != "":
		return args[0], nil
	case len(args) <= 1:
		return "", s.Usage(key)
	default:
		return "", s.Usage("usage.one-only", args[0], args[1])
	}
}

// Suffix is what to add to a command line so that it means this namespace: nothing for "default".
func Suffix(namespace string) string {
	if namespace == "" || namespace == "default" {
		return ""
	}
	return " -n " + namespace
}
