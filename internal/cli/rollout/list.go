// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/listing"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

func newList(sh *shell.Shell) *cobra.Command {
	verb := listing.Verb{Key: "rollout.list", Examples: "  vela rollout list\n  vela rollout list -A -o json", Namespaced: true}
	return listing.List(sh, verb, func(ctx context.Context, asked listing.Asked) error {
		all, err := cluster.List[v1beta1.Rollout](ctx, asked.Cluster, cluster.Rollouts(), asked.Namespace, metav1.ListOptions{})
		if err != nil {
			return err
		}
		slices.SortFunc(all, func(a, b v1beta1.Rollout) int {
			return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
		})
		if asked.Format.Structured() {
			for i := range all {
				all[i].ManagedFields = nil
			}
			return output.Write(sh.Out, asked.Format, map[string]any{"apiVersion": "v1", "kind": "List", "items": all})
		}
		rows := make([]listing.Row, 0, len(all))
		for i := range all {
			rows = append(rows, listing.Row{Namespace: all[i].Namespace, Cells: row(&all[i])})
		}
		return asked.Table("rollout.none", []string{"NAME", "WORKLOAD", "PHASE", "STEP", "STATE", "NEW_PODS", "WEIGHT"}, rows)
	})
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
