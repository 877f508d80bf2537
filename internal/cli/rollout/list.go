// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

func newList(sh *shell.Shell) *cobra.Command {
	var all bool
	var format string
	cmd := sh.Command("list", "rollout.list", "  vela rollout list\n  vela rollout list -A -o json")
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
		rollouts, err := cluster.List[v1beta1.Rollout](cmd.Context(), c, cluster.Rollouts(), namespace, metav1.ListOptions{})
		if err != nil {
			return err
		}
		slices.SortFunc(rollouts, func(a, b v1beta1.Rollout) int {
			return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
		})
		return write(sh, f, rollouts, namespace)
	}
	return cmd
}

// write prints Rollouts; an empty namespace is all of them.
func write(sh *shell.Shell, f output.Format, all []v1beta1.Rollout, namespace string) error {
	if f.Structured() {
		for i := range all {
			all[i].ManagedFields = nil
		}
		return output.Write(sh.Out, f, map[string]any{"apiVersion": "v1", "kind": "List", "items": all})
	}
	if len(all) == 0 {
		sh.Say(sh.ErrStyle.Faint(none(sh, namespace)))
		if sh.OutTerminal {
			return nil // a header is for scripts
		}
	}
	header := []string{"NAME", "WORKLOAD", "PHASE", "STEP", "STATE", "NEW_PODS", "WEIGHT"}
	rows := make([][]string, 0, len(all))
	for i := range all {
		rows = append(rows, row(&all[i]))
	}
	if namespace == "" {
		header = append([]string{"NAMESPACE"}, header...)
		for i := range rows {
			rows[i] = append([]string{all[i].Namespace}, rows[i]...)
		}
	}
	return output.WriteTable(sh.Out, header, rows)
}

// none says that there is nothing to list, and where it was looked for.
func none(sh *shell.Shell, namespace string) string {
	if namespace == "" {
		return sh.Text.Of("rollout.none-anywhere")
	}
	return sh.Text.Of("rollout.none", namespace)
}

func row(r *v1beta1.Rollout) []string {
	ref := r.Spec.WorkloadRef
	step, pods, weight := "-", "-", "-"
	if st := r.Status.Release(); st != nil && r.Status.Phase == v1beta1.PhaseProgressing {
		step = fmt.Sprintf("%d/%d", r.Status.CurrentStepIndex, steps(r))
		pods = fmt.Sprintf("%d/%d", st.CanaryReadyReplicas, st.CanaryReplicas)
		if st.DesiredWeight != nil {
			weight = fmt.Sprintf("%d%%", *st.DesiredWeight)
		}
		if st.DesiredWeight != nil && (st.ServedWeight == nil || *st.ServedWeight != *st.DesiredWeight) {
			weight += " (asked)"
		}
	}
	return []string{r.Name, ref.Kind + "/" + ref.Name, string(r.Status.Phase), step, cmp.Or(string(r.Status.CurrentStepState), "-"), pods, weight}
}
