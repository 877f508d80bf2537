// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package ls

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

const examples = `  vela ls
  vela ls -A
  vela ls -l team=shop -o json`

// Options are the flags of `vela ls`.
type Options struct {
	All      bool
	Selector string
	Fields   string
	Output   string

	sh *shell.Shell
}

// NewCommand is `vela ls`.
func NewCommand(sh *shell.Shell) *cobra.Command {
	o := &Options{sh: sh}
	cmd := sh.Command("ls", "ls", examples)
	cmd.Aliases = []string{"list"}
	flag.AllNamespaces(cmd, sh.Text, &o.All)
	flag.Selector(cmd, sh.Text, &o.Selector)
	flag.Output(cmd, sh.Text, &o.Output)
	cmd.Flags().StringVar(&o.Fields, "field-selector", "", sh.Text.Of("ls.flag.field-selector"))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return sh.Usage("ls.no-arguments", args[0])
		}
		return o.run(cmd.Context())
	}
	return cmd
}

func (o *Options) run(ctx context.Context) error {
	format, err := output.Parse(o.Output)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	c, err := o.sh.Cluster(ctx)
	if err != nil {
		return err
	}
	namespace := o.sh.Namespace(c)
	if o.All {
		namespace = ""
	}
	apps, err := cluster.List[v1beta1.Application](ctx, c, cluster.Applications(), namespace,
		metav1.ListOptions{LabelSelector: o.Selector, FieldSelector: o.Fields})
	if err != nil {
		return err
	}
	slices.SortFunc(apps, func(a, b v1beta1.Application) int {
		return strings.Compare(a.Namespace+"/"+a.Name, b.Namespace+"/"+b.Name)
	})
	if format.Structured() {
		for i := range apps {
			apps[i].ManagedFields = nil
		}
		return output.Write(o.sh.Out, format, map[string]any{"apiVersion": "v1", "kind": "List", "items": apps})
	}
	header := []string{"APP", "COMPONENT", "TYPE", "TRAITS", "PHASE", "HEALTHY", "STATUS", "CREATED-TIME"}
	var rows [][]string
	for i := range apps {
		rows = append(rows, o.rows(&apps[i])...)
	}
	if o.All {
		header = append([]string{"NAMESPACE"}, header...)
	}
	if len(rows) == 0 {
		o.sh.Say(o.sh.ErrStyle.Faint(o.none(namespace)))
	}
	if len(rows) == 0 && o.sh.OutTerminal {
		return nil // a header is for scripts
	}
	return output.WriteTable(o.sh.Out, header, rows)
}

// none says that there is nothing to list, and where it was looked for; an empty namespace is all of them.
func (o *Options) none(namespace string) string {
	selected := o.Selector != "" || o.Fields != ""
	switch {
	case namespace == "" && selected:
		return o.sh.Text.Of("ls.none-selected-anywhere")
	case namespace == "":
		return o.sh.Text.Of("ls.none-anywhere")
	case selected:
		return o.sh.Text.Of("ls.none-selected", namespace)
	default:
		return o.sh.Text.Of("ls.none", namespace)
	}
}

// rows are the components of one application; those after the first hang on it.
func (o *Options) rows(app *v1beta1.Application) [][]string {
	var rows [][]string
	components := app.Spec.Components
	if len(components) == 0 {
		components = []v1beta1.Component{{Name: "-", Type: "-"}}
	}
	for i, c := range components {
		name := app.Name
		switch {
		case i > 0 && i == len(components)-1:
			name = "└─"
		case i > 0:
			name = "├─"
		}
		var traits []string
		for _, t := range c.Traits {
			traits = append(traits, t.Type)
		}
		healthy, message := o.health(app, c.Name)
		row := []string{
			name, c.Name, c.Type, strings.Join(traits, ","), o.phase(app), healthy, message,
			app.CreationTimestamp.Local().Format(time.DateTime),
		}
		if o.All {
			row = append([]string{app.Namespace}, row...)
		}
		rows = append(rows, row)
	}
	return rows
}

func (o *Options) phase(app *v1beta1.Application) string {
	phase := string(app.Status.Phase)
	switch {
	case app.DeletionTimestamp != nil:
		return o.sh.Style.Wait(string(v1beta1.PhaseDeleting))
	case app.Status.Phase == v1beta1.PhaseRunning:
		return o.sh.Style.Good(phase)
	default:
		return o.sh.Style.Wait(phase)
	}
}

func (o *Options) health(app *v1beta1.Application, component string) (health, message string) {
	for _, s := range app.Status.Services {
		if s.Name != component {
			continue
		}
		message, _, _ := strings.Cut(s.Message, "\n")
		if s.Healthy {
			return o.sh.Style.Good("healthy"), message
		}
		return o.sh.Style.Wait("unhealthy"), message
	}
	return "", ""
}
