// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"

	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// RolloutDeleted says in a sentence that the Rollout by which component is released as revision was deleted by somebody,
// which means that the release finishes without further steps; empty when it was not. stepped says that the inventory of
// revision has the Rollout. A workload that is not at revision has been rolled back, or nothing of it was released yet.
func RolloutDeleted(component, revision string, stepped bool, workload *appsv1.Deployment, rollout *rolloutsv1beta1.Rollout) string {
	if !stepped || !atRevision(workload, revision) {
		return ""
	}
	if rollout != nil && (rollout.DeletionTimestamp == nil || rollout.Spec.ReleaseID != revision) {
		return ""
	}
	return fmt.Sprintf("Rollout %s was deleted by somebody: all of %s goes to %s at once", component, component, revision)
}

func rolloutDeleted(seen Component) string {
	return RolloutDeleted(seen.Name, seen.Revision, seen.Stepped, seen.Workload, seen.Rollout)
}
