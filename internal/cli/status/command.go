// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/shell"
	"github.com/vela-rollouts/vela/internal/view"
)

const examples = `  # How is it, and what to do next
  vela status canary-demo

  # Follow a release as it goes
  vela status canary-demo --watch

  # Its objects, its pods, its addresses
  vela status canary-demo --tree
  vela status canary-demo --pod
  vela status canary-demo --endpoint

  # For scripts: the application as the cluster has it, one field of it, or what the text above is made of
  vela status canary-demo -o yaml
  vela status canary-demo -o jsonpath={.status.status}
  vela status canary-demo --view -o json`

// Options are the flags of `vela status`.
type Options struct {
	Name      string
	Output    string
	Component string
	Watch     bool
	Tree      bool
	Pod       bool
	Endpoint  bool
	View      bool

	format output.Format
	sh     *shell.Shell
}

// NewCommand is `vela status`.
func NewCommand(sh *shell.Shell) *cobra.Command {
	o := &Options{sh: sh}
	cmd := sh.Command("status APP", "status", examples)
	flag.Output(cmd, sh.Text, &o.Output)
	flag.Component(cmd, sh.Text, &o.Component)
	cmd.Flags().BoolVarP(&o.Watch, "watch", "w", false, sh.Text.Of("status.flag.watch"))
	cmd.Flags().BoolVarP(&o.Tree, "tree", "t", false, sh.Text.Of("status.flag.tree"))
	cmd.Flags().BoolVar(&o.Pod, "pod", false, sh.Text.Of("status.flag.pod"))
	cmd.Flags().BoolVarP(&o.Endpoint, "endpoint", "p", false, sh.Text.Of("status.flag.endpoint"))
	cmd.Flags().BoolVar(&o.View, "view", false, sh.Text.Of("status.flag.view"))
	cmd.MarkFlagsMutuallyExclusive("watch", "tree", "pod", "endpoint", "output")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := o.validate(args); err != nil {
			return err
		}
		return o.run(cmd.Context())
	}
	return cmd
}

func (o *Options) validate(args []string) error {
	var err error
	if o.Name, err = o.sh.Name(args, "usage.no-application"); err != nil {
		return err
	}
	if o.format, err = output.Parse(o.Output); err != nil {
		return exit.With(exit.Usage, err)
	}
	return nil
}

func (o *Options) run(ctx context.Context) error {
	c, err := o.sh.Cluster(ctx)
	if err != nil {
		return err
	}
	namespace := o.sh.Namespace(c)
	if o.Watch {
		return o.follow(ctx, c, namespace)
	}
	app, err := cluster.Get[v1beta1.Application](ctx, c, cluster.Applications(), namespace, o.Name)
	if err != nil {
		return err
	}
	if err := o.known(app); err != nil {
		return err
	}
	switch {
	case o.format.Structured() && !o.View:
		return output.Write(o.sh.Out, o.format, bare(app))
	case o.Tree:
		return o.tree(ctx, c, app)
	case o.Pod:
		return o.pods(ctx, c, app)
	case o.Endpoint:
		return o.endpoints(ctx, c, app)
	}
	seen, err := gather(ctx, c, app, o.sh.Now())
	if err != nil {
		return err
	}
	tree := view.Of(seen)
	if o.format.Structured() {
		return output.Write(o.sh.Out, o.format, tree)
	}
	return Print(o.sh.Out, tree, o.sh.Style, o.sh.Text)
}

// known refuses a component that the application does not have.
func (o *Options) known(app *v1beta1.Application) error {
	var names []string
	for _, comp := range app.Spec.Components {
		names = append(names, comp.Name)
	}
	if o.Component == "" || slices.Contains(names, o.Component) {
		return nil
	}
	return o.sh.Text.Error("status.no-component", app.Name, o.Component, cmp.Or(strings.Join(names, ", "), o.sh.Text.Of("status.none")))
}

// bare is the application without what only servers read.
func bare(app *v1beta1.Application) any {
	app = app.DeepCopy()
	app.ManagedFields = nil
	if app.Kind == "" {
		app.APIVersion, app.Kind = v1beta1.GroupVersion().String(), "Application"
	}
	raw, err := json.Marshal(app)
	if err != nil {
		return app
	}
	var plain map[string]any
	if json.Unmarshal(raw, &plain) != nil {
		return app
	}
	return plain
}
