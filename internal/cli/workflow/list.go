// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// run is one line of `vela workflow list`.
type run struct {
	Namespace string     `json:"namespace"`
	Name      string     `json:"name"`
	Type      string     `json:"type"`
	Phase     string     `json:"phase"`
	Start     *time.Time `json:"startTime,omitempty"`
	End       *time.Time `json:"endTime,omitempty"`
}

func newList(sh *shell.Shell) *cobra.Command {
	var all bool
	var format string
	cmd := sh.Command("list", "workflow.list", "  vela workflow list\n  vela workflow list -A")
	cmd.Aliases = []string{"ls"}
	flag.AllNamespaces(cmd, sh.Text, &all)
	flag.Output(cmd, sh.Text, &format)
	cmd.Args = sh.NoArguments
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		f, err := output.Parse(format)
		if err != nil {
			return exit.With(exit.Usage, err)
		}
		c, err := sh.Cluster(cmd.Context())
		if err != nil {
			return err
		}
		namespace := sh.Namespace(c)
		if all {
			namespace = ""
		}
		apps, err := cluster.List[corev1beta1.Application](cmd.Context(), c, cluster.Applications(), namespace, metav1.ListOptions{})
		if err != nil {
			return err
		}
		runs := runsOf(apps)
		if f.Structured() {
			return output.Write(sh.Out, f, runs)
		}
		if len(runs) == 0 {
			sh.Say(sh.ErrStyle.Faint(none(sh, namespace)))
		}
		if len(runs) == 0 && sh.OutTerminal {
			return nil // a header is for scripts
		}
		return write(sh, runs, all)
	}
	return cmd
}

// none says that there is nothing to list, and where it was looked for; an empty namespace is all of them.
func none(sh *shell.Shell, namespace string) string {
	if namespace == "" {
		return sh.Text.Of("workflow.none-anywhere")
	}
	return sh.Text.Of("workflow.none", namespace)
}

func runsOf(apps []corev1beta1.Application) []run {
	runs := []run{}
	for _, app := range apps {
		w := app.Status.Workflow
		if w == nil {
			continue
		}
		r := run{Namespace: app.Namespace, Name: app.Name, Type: "Application", Phase: string(w.Phase)}
		if w.StartTime != nil {
			r.Start = &w.StartTime.Time
		}
		if w.EndTime != nil {
			r.End = &w.EndTime.Time
		}
		runs = append(runs, r)
	}
	return runs
}

func write(sh *shell.Shell, runs []run, all bool) error {
	header := []string{"NAME", "TYPE", "PHASE", "START-TIME", "END-TIME"}
	rows := make([][]string, 0, len(runs))
	for _, r := range runs {
		row := []string{r.Name, r.Type, r.Phase, stamp(r.Start), stamp(r.End)}
		if all {
			row = append([]string{r.Namespace}, row...)
		}
		rows = append(rows, row)
	}
	if all {
		header = append([]string{"NAMESPACE"}, header...)
	}
	return output.WriteTable(sh.Out, header, rows)
}

func stamp(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Local().Format(time.DateTime)
}
