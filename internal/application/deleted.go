// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// Through says that there is no release under way of which a Rollout could be missed.
func Through(run *v1beta1.WorkflowStatus, rev *v1beta1.ApplicationRevision) bool {
	return run == nil || run.Phase == v1beta1.WorkflowSucceeded || rev.Status.Succeeded
}

// DeletedRollouts has a sentence for each component whose Rollout somebody deleted while rev is being released. The maps
// hold what is there, by component.
func DeletedRollouts(
	rev *v1beta1.ApplicationRevision, entries []Entry, workloads map[string]metav1.Object, rollouts map[string]*rolloutsv1beta1.Rollout,
) map[string]string {
	deleted := map[string]string{}
	for _, e := range entries {
		workload := workloads[e.Component]
		if workload == nil || !Steppable(e.APIVersion, e.Kind) || e.Trait != "" || e.Revision != rev.Name {
			continue
		}
		deleted[e.Component] = rolloutDeleted(e.Component, rev.Name, e.Stepped, workload, rollouts[e.Component])
	}
	return deleted
}

// rolloutDeleted says in a sentence that the Rollout by which component is released as revision was deleted by somebody,
// which means that the release finishes without further steps; empty when it was not. stepped says that the inventory of
// revision has the Rollout. A workload that is not at revision has been rolled back, or nothing of it was released yet.
func rolloutDeleted(component, revision string, stepped bool, workload metav1.Object, rollout *rolloutsv1beta1.Rollout) string {
	if !stepped || !atRevision(workload, revision) {
		return ""
	}
	if rollout != nil && (rollout.DeletionTimestamp == nil || rollout.Spec.ReleaseID != revision) {
		return ""
	}
	return fmt.Sprintf("Rollout %s was deleted by somebody: all of %s goes to %s at once", component, component, revision)
}

func (seen Component) rolloutDeleted() string {
	return rolloutDeleted(seen.Name, seen.Revision, seen.Stepped, seen.Workload, seen.Rollout)
}

// ReturnsAsFormer says that a workload which somebody deleted comes back as the last good version has it, and is released
// in steps once more: the Rollout that releases it in steps is not through, or was deleted too.
func ReturnsAsFormer(rollout *rolloutsv1beta1.Rollout) bool {
	return rollout == nil || !finished(rollout)
}
