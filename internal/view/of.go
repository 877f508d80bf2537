// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"cmp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
)

// localCluster is how the cluster the controllers run in is called.
const localCluster = "local"

// unknownType stands for the type of a component that the specification no longer has.
const unknownType = "webservice"

// Of makes the tree of what was seen.
func Of(seen Seen) Tree {
	app := seen.App
	tree := Tree{About: about(app), State: StatusOf(seen), Notice: app.Status.UnpublishedChange, Trouble: trouble(app)}
	if w := app.Status.Workflow; w != nil {
		tree.Workflow = workflowOf(w)
	}
	tree.Releases = releases(seen)
	for _, s := range app.Status.Services {
		one := service(app, s)
		if !slices.ContainsFunc(tree.Releases, func(r Release) bool { return r.Component == s.Name }) {
			one.Problems = problems(podsOf(seen.Pods, s.Name), seen.Now)
		}
		tree.Services = append(tree.Services, one)
	}
	tree.Next = next(seen)
	return tree
}

// podsOf are the pods of a component that are not on their way out.
func podsOf(pods []corev1.Pod, component string) []corev1.Pod {
	return slices.DeleteFunc(slices.Clone(pods), func(pod corev1.Pod) bool {
		return pod.Labels[corev1beta1.LabelAppComponent] != component || pod.DeletionTimestamp != nil
	})
}

func about(app *corev1beta1.Application) About {
	a := About{
		Name: app.Name, Namespace: app.Namespace, CreatedAt: app.CreationTimestamp.Time,
		Phase: string(app.Status.Phase), PublishVersion: app.Annotations[corev1beta1.AnnotationPublishVersion],
	}
	if app.DeletionTimestamp != nil {
		a.Phase = string(corev1beta1.PhaseDeleting)
	}
	if app.Status.LatestRevision != nil {
		a.Revision = app.Status.LatestRevision.Name
	}
	return a
}

func workflowOf(w *corev1beta1.WorkflowStatus) *Workflow {
	v := &Workflow{Mode: w.Mode, Finished: w.Finished, Suspended: w.Suspend, Terminated: w.Terminated, Message: w.Message}
	for _, s := range w.Steps {
		one := step(s.StepStatusBase)
		for _, sub := range s.SubSteps {
			one.SubSteps = append(one.SubSteps, step(sub))
		}
		v.Steps = append(v.Steps, one)
	}
	return v
}

func step(s corev1beta1.StepStatusBase) Step {
	v := Step{ID: s.ID, Name: s.Name, Type: s.Type, Phase: string(s.Phase), Message: s.Message, By: s.By}
	if s.ResumeAt != nil && s.Phase == corev1beta1.StepSuspending {
		v.ResumeAt = timeOf(s.ResumeAt)
	}
	return v
}

func timeOf(t *metav1.Time) *time.Time {
	at := t.Time
	return &at
}

func service(app *corev1beta1.Application, s corev1beta1.ServiceStatus) Service {
	v := Service{
		Name: s.Name, Env: s.Env, Cluster: cmp.Or(s.Cluster, localCluster), Namespace: s.Namespace,
		Type: unknownType, Healthy: s.Healthy, Message: s.Message,
	}
	for _, c := range app.Spec.Components {
		if c.Name == s.Name {
			v.Type = c.Type
		}
	}
	for _, t := range s.Traits {
		v.Traits = append(v.Traits, Trait(t))
	}
	return v
}

// trouble is the message of the first condition that says an error, in the order in which conditions are reached.
func trouble(app *corev1beta1.Application) string {
	for _, kind := range []string{
		corev1beta1.ConditionParsed, corev1beta1.ConditionRevision, corev1beta1.ConditionPolicy,
		corev1beta1.ConditionRender, corev1beta1.ConditionWorkflow, corev1beta1.ConditionReady,
	} {
		for _, c := range app.Status.Conditions {
			if c.Type == kind && c.Status == metav1.ConditionFalse && c.Reason == "ReconcileError" {
				return c.Message
			}
		}
	}
	return ""
}
