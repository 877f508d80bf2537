// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

// Labels and annotations on workloads and on objects that a release makes.
const (
	// AnnotationInProgress on a workload says, as JSON {"rolloutName","releaseID"}, which Rollout holds it.
	AnnotationInProgress = "rollouts.kruise.io/in-progressing"
	// AnnotationDeploymentStrategy on a held Deployment is its own strategy and pause, as JSON, given back at the end.
	AnnotationDeploymentStrategy = "rollouts.kruise.io/deployment-strategy"
	// AnnotationRollbackInBatch on a Rollout, with the value true, takes a version back in the steps that it came by.
	AnnotationRollbackInBatch = "rollouts.kruise.io/rollback-in-batch"
	// AnnotationTrafficRouting on a Rollout names a TrafficRouting where the plan does not.
	AnnotationTrafficRouting = "rollouts.kruise.io/trafficrouting"
	// AnnotationRetry on a Rollout, with another value than before, tries a version again that was given up.
	AnnotationRetry = "rollouts.kruise.io/retry"
	// AnnotationUpdateStrategy on a held workload that replaces its pods in place is its own update strategy, as JSON, given back at
	// the end.
	AnnotationUpdateStrategy = "rollouts.kruise.io/original-update-strategy"
	// LabelRolloutID on a workload is how its owner calls the release; the status repeats it.
	LabelRolloutID = "rollouts.kruise.io/rollout-id"
	// LabelStableRevision on a held workload is the pod-template-hash or the controller-revision-hash of the version that was good before.
	LabelStableRevision = "rollouts.kruise.io/stable-revision"
	// AnnotationPatchedMetadata on a ReplicaSet is what of its pod template's metadata a release put there, as JSON.
	AnnotationPatchedMetadata = "rollouts.kruise.io/patched-metadata"
	// LabelRolloutName on a helper object names the Rollout that made it.
	LabelRolloutName = "rollouts.kruise.io/rollout-name"
	// Finalizer keeps a Rollout until routes and workload are given back.
	Finalizer = "rollouts.kruise.io/rollout"
)
