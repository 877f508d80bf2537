// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/listing"
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
	verb := listing.Verb{Key: "workflow.list", Examples: "  vela workflow list\n  vela workflow list -A", Namespaced: true}
	return listing.List(sh, verb, func(ctx context.Context, asked listing.Asked) error {
		apps, err := cluster.List[corev1beta1.Application](ctx, asked.Cluster, cluster.Applications(), asked.Namespace, metav1.ListOptions{})
		if err != nil {
			return err
		}
		runs := runsOf(apps)
		if asked.Format.Structured() {
			return output.Write(sh.Out, asked.Format, runs)
		}
		rows := make([]listing.Row, 0, len(runs))
		for _, r := range runs {
			rows = append(rows, listing.Row{Namespace: r.Namespace, Cells: []string{r.Name, r.Type, r.Phase, stamp(r.Start), stamp(r.End)}})
		}
		return asked.Table("workflow.none", []string{"NAME", "TYPE", "PHASE", "START-TIME", "END-TIME"}, rows)
	})
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

func stamp(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Local().Format(time.DateTime)
}
