// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package revision

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// NewCommand is `vela revision` with list, get and diff.
func NewCommand(sh *shell.Shell) *cobra.Command {
	return sh.Parent("revision", "revision", newList(sh), newGet(sh), newDiff(sh))
}

func newList(sh *shell.Shell) *cobra.Command {
	var format string
	cmd := sh.Command("list APP", "revision.list", "  vela revision list canary-demo")
	cmd.Aliases = []string{"ls"}
	flag.Output(cmd, sh.Text, &format)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name, err := sh.Name(args, "usage.no-application")
		if err != nil {
			return err
		}
		f, err := output.Parse(format)
		if err != nil {
			return exit.With(exit.Usage, err)
		}
		return list(cmd.Context(), sh, name, f)
	}
	return cmd
}

func list(ctx context.Context, sh *shell.Shell, name string, f output.Format) error {
	c, err := sh.Cluster(ctx)
	if err != nil {
		return err
	}
	app, all, err := read(ctx, sh, c, name)
	if err != nil {
		return err
	}
	if f.Structured() {
		for i := range all {
			all[i].ManagedFields = nil
		}
		return output.Write(sh.Out, f, map[string]any{"apiVersion": "v1", "kind": "List", "items": all})
	}
	rows := make([][]string, 0, len(all))
	for i := range all {
		rows = append(rows, row(app, &all[i]))
	}
	return output.WriteTable(sh.Out, []string{"NAME", "PUBLISH_VERSION", "SUCCEEDED", "HASH", "BEGIN_TIME", "STATUS", "SIZE"}, rows)
}

// read gets an application and its revisions, the oldest first.
func read(ctx context.Context, sh *shell.Shell, c *cluster.Cluster, name string) (*v1beta1.Application, []v1beta1.ApplicationRevision, error) {
	namespace := sh.Namespace(c)
	app, err := cluster.Get[v1beta1.Application](ctx, c, cluster.Applications(), namespace, name)
	if err != nil {
		return nil, nil, err
	}
	all, err := cluster.List[v1beta1.ApplicationRevision](ctx, c, cluster.Revisions(), namespace,
		metav1.ListOptions{LabelSelector: v1beta1.LabelAppName + "=" + name})
	if err != nil {
		return nil, nil, err
	}
	slices.SortFunc(all, func(a, b v1beta1.ApplicationRevision) int {
		return cmp.Compare(application.RevisionNumber(name, a.Name), application.RevisionNumber(name, b.Name))
	})
	return app, all, nil
}

func row(app *v1beta1.Application, r *v1beta1.ApplicationRevision) []string {
	w := r.Status.Workflow
	if latest := app.Status.LatestRevision; latest != nil && latest.Name == r.Name {
		w = app.Status.Workflow // the run itself is more recent than its record
	}
	begin := "-"
	if w != nil && w.StartTime != nil {
		begin = w.StartTime.Local().Format(time.DateTime)
	}
	return []string{
		r.Name, cmp.Or(application.PublishVersion(r), "-"), strconv.FormatBool(r.Status.Succeeded),
		cmp.Or(application.RevisionHash(r), "-"), begin, outcome(r, w), size(r),
	}
}

// outcome is how the release of a revision ended, or that it goes on.
func outcome(r *v1beta1.ApplicationRevision, w *v1beta1.WorkflowStatus) string {
	switch {
	case r.Status.Succeeded:
		return "Succeeded"
	case w == nil:
		return "NotStart"
	case w.Phase == v1beta1.WorkflowFailed || w.Terminated:
		return "Failed"
	case w.Suspend:
		return "Suspended"
	default:
		return "Executing"
	}
}

func size(r *v1beta1.ApplicationRevision) string {
	raw, err := json.Marshal(r)
	if err != nil {
		return "-"
	}
	return fmt.Sprintf("%.1f KiB", float64(len(raw))/1024)
}

func newGet(sh *shell.Shell) *cobra.Command {
	var format string
	cmd := sh.Command("get REVISION", "revision.get", "  vela revision get canary-demo-v1\n  vela revision get canary-demo-v1 -o json")
	flag.Output(cmd, sh.Text, &format)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		name, err := sh.Name(args, "revision.no-name")
		if err != nil {
			return err
		}
		f, err := output.Parse(cmp.Or(format, string(output.YAML)))
		if err != nil {
			return exit.With(exit.Usage, err)
		}
		return get(cmd.Context(), sh, name, f)
	}
	return cmd
}

func get(ctx context.Context, sh *shell.Shell, name string, f output.Format) error {
	c, err := sh.Cluster(ctx)
	if err != nil {
		return err
	}
	r, err := cluster.Get[v1beta1.ApplicationRevision](ctx, c, cluster.Revisions(), sh.Namespace(c), name)
	if apierrors.IsNotFound(err) {
		return sh.Text.Error("revision.not-found", sh.Namespace(c), name, err)
	}
	if err != nil {
		return err
	}
	r.ManagedFields = nil
	return output.Write(sh.Out, f, r)
}
