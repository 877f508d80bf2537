// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package up

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/shell"
	"github.com/vela-rollouts/vela/internal/cli/source"
)

// waitFor is how long --wait waits unless told otherwise.
const waitFor = 300 * time.Second

const examples = `  # Deploy or update what a file states
  vela up -f app.yaml
  vela up -f shop.yaml -f cart.yaml

  # From standard input, a folder of files, or the web
  cat app.yaml | vela up -f -
  vela up -f ./apps
  vela up -f https://example.com/app.yaml

  # Wait until it runs, or until its release waits for an approval
  vela up -f app.yaml --wait

  # Publish the application as it stands as a new version, or an older revision of it
  vela up canary-demo -v v3
  vela up canary-demo -v v3 -r canary-demo-v1

  # Release by a workflow that was saved for it (vela workflow canary); "default" applies everything at once
  vela up canary-demo -v v3 --workflow default-canary
  vela up -f app.yaml --workflow default-canary`

// Options are the flags of `vela up`.
type Options struct {
	Files          []string
	PublishVersion string
	Revision       string
	Workflow       string
	Wait           bool
	Timeout        time.Duration
	// Name of an application that is there already.
	Name string

	sh *shell.Shell
}

// NewCommand is `vela up`.
func NewCommand(sh *shell.Shell) *cobra.Command {
	o := &Options{sh: sh}
	cmd := sh.Command("up [APP] [-f FILE|-|DIR|URL]", "up", examples)
	flag.File(cmd, sh.Text, &o.Files)
	cmd.Flags().StringVarP(&o.PublishVersion, "publish-version", "v", "", sh.Text.Of("up.flag.publish-version"))
	cmd.Flags().StringVarP(&o.Revision, "revision", "r", "", sh.Text.Of("up.flag.revision"))
	cmd.Flags().StringVar(&o.Workflow, "workflow", "", sh.Text.Of("up.flag.workflow"))
	flag.Wait(cmd, sh.Text, &o.Wait, false)
	flag.Timeout(cmd, sh.Text, &o.Timeout, waitFor)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.validate(args); err != nil {
			return exit.With(exit.Usage, err)
		}
		return o.run(cmd.Context())
	}
	return cmd
}

// validate holds what is wrong with the command line itself; the sentences are those that scripts know.
func (o *Options) validate(args []string) error {
	o.Files = slices.DeleteFunc(o.Files, func(f string) bool { return f == "" }) // as good as not given
	if len(args) > 0 && len(o.Files) == 0 && source.Meant(args[0], o.PublishVersion == "") {
		return o.sh.Text.Error("usage.file-without-flag", args[0], "vela up")
	}
	if len(args) > 1 {
		return o.sh.Text.Error("usage.one-only", args[0], args[1])
	}
	if len(args) == 1 {
		o.Name = args[0]
	}
	switch {
	case o.Name != "" && len(o.Files) > 0:
		return o.sh.Text.Error("up.name-and-file")
	case o.Name == "" && o.Revision != "":
		return o.sh.Text.Error("up.revision-without-name")
	case o.Name == "" && len(o.Files) == 0:
		return o.sh.Text.Error("up.nothing-given")
	case o.Name != "" && o.PublishVersion == "":
		return o.sh.Text.Error("up.no-version")
	}
	return source.Check(o.sh, o.Files)
}

func (o *Options) run(ctx context.Context) error {
	if o.Name != "" {
		return o.republish(ctx)
	}
	found, err := o.read(ctx)
	if err != nil {
		return err
	}
	c, err := o.sh.Cluster(ctx)
	if err != nil {
		return err
	}
	if err := o.place(found, c); err != nil {
		return err
	}
	if err := o.byWorkflow(ctx, c, found); err != nil {
		return err
	}
	return o.apply(ctx, c, found)
}
