// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"encoding/json"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/workflow/canary"
)

// Approval is what going on leads to.
type Approval struct {
	Run string
	// StepID and Step are of the step that waits; empty when the whole run is held, or several steps wait.
	StepID, Step string
	// Target is the canary step that follows, and Weight its share in percent; empty and nil when nothing is released after it.
	Target string
	Weight *int32
	// Pods of the new version then, of Replicas; nil when the number of replicas is not known.
	Pods, Replicas *int
	// Last says that the release is complete after it.
	Last bool
}

// ApprovalOf is what going on leads to; nil when nothing waits.
func ApprovalOf(seen Seen) *Approval {
	w := seen.App.Status.Workflow
	if w == nil || seen.App.DeletionTimestamp != nil || seen.App.Status.Phase != corev1beta1.PhaseWorkflowSuspending {
		return nil
	}
	a := &Approval{Run: w.AppRevision}
	if step := Waiting(w, ""); step != nil {
		a.StepID, a.Step = step.ID, step.Name
	}
	a.Target, a.Weight = following(seen)
	a.Last = a.Target == "" || a.Weight != nil && *a.Weight == 100
	if replicas := replicasReleased(seen); replicas != nil && a.Weight != nil {
		pods := canary.Pods(*replicas, int(*a.Weight))
		a.Pods, a.Replicas = &pods, replicas
	}
	return a
}

// Waiting is the one step of a run that waits for a person or a time, among those called name unless that is empty; nil when
// none or several do.
func Waiting(w *corev1beta1.WorkflowStatus, name string) *corev1beta1.StepStatusBase {
	var found *corev1beta1.StepStatusBase
	for _, one := range leaves(w) {
		if one.Phase != corev1beta1.StepSuspending || name != "" && one.Name != name {
			continue
		}
		if found != nil {
			return nil
		}
		found = &one
	}
	return found
}

// replicasReleased is how many pods the components of the revision being released have in all; nil when one of them does
// not say.
func replicasReleased(seen Seen) *int {
	return Replicas(specInForce(seen).Components)
}

// Replicas adds up the pods that components ask for; nil when there are none, or one of them does not say.
func Replicas(components []corev1beta1.Component) *int {
	total := 0
	for _, c := range components {
		n := replicasOf(c)
		if n == nil {
			return nil
		}
		total += *n
	}
	if len(components) == 0 {
		return nil
	}
	return &total
}

// replicasOf a component: what its scaler says, else one. Of a daemon only the cluster knows.
func replicasOf(c corev1beta1.Component) *int {
	one := 1
	if c.Type == "daemon" {
		return nil
	}
	for _, t := range c.Traits {
		if t.Type != "scaler" || t.Properties == nil {
			continue
		}
		var scaler struct {
			Replicas *int `json:"replicas"`
		}
		if err := json.Unmarshal(t.Properties.Raw, &scaler); err != nil {
			return nil
		}
		if scaler.Replicas != nil {
			return scaler.Replicas
		}
	}
	return &one
}
