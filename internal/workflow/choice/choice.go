// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package choice knows the workflows that a person chooses from when an application is deployed: the default one, that of the
// application itself, and those that were saved for it. The command line and the web server use it; it is pure.
package choice

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "github.com/vela-rollouts/vela/api/core/v1alpha1"
	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/workflow"
)

// Names of the workflows that are no objects.
const (
	// Default is the application without steps of its own.
	Default = "default"
	// Application stands for the steps that somebody wrote into the application.
	Application = "application"
)

// Workflow is one that can be chosen.
type Workflow struct {
	Name, Alias string
	Mode        *v1beta1.WorkflowMode
	Steps       []v1beta1.WorkflowStep
	// LastUsed says that the application was deployed with it last.
	LastUsed bool
	// Saved is the object of a workflow that was saved; nil for the two that are none.
	Saved *corev1alpha1.Workflow
}

// BuiltIn says that a name is that of a workflow which is no object.
func BuiltIn(name string) bool { return name == Default || name == Application }

// ObjectName is how a saved workflow of an application is called in Kubernetes, where all applications of a namespace share the names.
func ObjectName(app, workflow string) string { return app + "." + workflow }

// NameOf is the opposite.
func NameOf(app string, w *corev1alpha1.Workflow) string { return strings.TrimPrefix(w.Name, app+".") }

// Of are the default workflow, the application's own where it is none of the others, and those that were saved, by name.
func Of(app *v1beta1.Application, saved []corev1alpha1.Workflow) []Workflow {
	saved = slices.Clone(saved)
	slices.SortFunc(saved, func(a, b corev1alpha1.Workflow) int { return cmp.Compare(a.Name, b.Name) })
	used := app.Annotations[v1beta1.AnnotationWorkflowName]
	all := []Workflow{generated(app.Spec, used)}
	if own := app.Spec.Workflow; own != nil && len(own.Steps) > 0 && !known(saved, own, app.Name, used) {
		all = append(all, Workflow{
			Name: Application, Alias: "As in the application", Mode: own.Mode, Steps: own.Steps, LastUsed: used == "" || used == Application,
		})
	}
	for i := range saved {
		w := OfObject(app.Name, &saved[i])
		w.LastUsed = used == w.Name
		all = append(all, w)
	}
	return all
}

// Find is the one with a name.
func Find(all []Workflow, name string) (Workflow, bool) {
	i := slices.IndexFunc(all, func(w Workflow) bool { return w.Name == name })
	if i < 0 {
		return Workflow{}, false
	}
	return all[i], true
}

// Stated is what spec.workflow is when an application is deployed with a workflow: a copy of its steps, so that a run goes on when
// the workflow is changed. It is nil for the default one.
func (w Workflow) Stated() *v1beta1.Workflow {
	if w.Name == Default {
		return nil
	}
	return &v1beta1.Workflow{Mode: w.Mode, Steps: w.Steps}
}

// OfObject is a saved workflow as people know it, whether or not it was used.
func OfObject(app string, w *corev1alpha1.Workflow) Workflow {
	name := NameOf(app, w)
	return Workflow{Name: name, Alias: cmp.Or(w.Annotations[v1beta1.AnnotationAlias], name), Mode: w.Mode, Steps: w.Steps, Saved: w}
}

// generated is the default workflow with the steps that it comes to.
func generated(spec v1beta1.ApplicationSpec, used string) Workflow {
	spec.Workflow = nil
	w := Workflow{Name: Default, Alias: "Default Workflow", LastUsed: used == Default}
	if steps, err := workflow.Generate(spec, nil); err == nil && steps.Steps != nil { // a policy that cannot be read is told elsewhere
		w.Steps, w.Mode = steps.Steps, &steps.Mode
	}
	return w
}

// known says that the application's steps are those of the saved workflow that it was deployed with.
func known(saved []corev1alpha1.Workflow, own *v1beta1.Workflow, app, used string) bool {
	return slices.ContainsFunc(saved, func(w corev1alpha1.Workflow) bool {
		return NameOf(app, &w) == used && stepsText(w.Steps) == stepsText(own.Steps)
	})
}

func stepsText(steps []v1beta1.WorkflowStep) string {
	raw, err := json.Marshal(steps)
	if err != nil {
		return ""
	}
	var tree any
	if json.Unmarshal(raw, &tree) != nil {
		return string(raw)
	}
	sorted, _ := json.Marshal(tree) // what was read can be written
	return string(sorted)
}

// Object is a workflow as it is saved for an application: labelled as the application's, and going with it.
func Object(app *v1beta1.Application, w Workflow) *corev1alpha1.Workflow {
	yes := true
	o := &corev1alpha1.Workflow{
		TypeMeta: metav1.TypeMeta{APIVersion: corev1alpha1.GroupVersion().String(), Kind: "Workflow"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: app.Namespace, Name: ObjectName(app.Name, w.Name), Labels: map[string]string{v1beta1.LabelAppName: app.Name},
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: v1beta1.GroupVersion().String(), Kind: "Application", Name: app.Name, UID: app.UID, Controller: &yes,
			}},
		},
	}
	Put(o, w)
	return o
}

// Put makes an object that was saved hold another workflow of its name; an alias that is not given stays.
func Put(o *corev1alpha1.Workflow, w Workflow) {
	o.Mode, o.Steps = w.Mode, w.Steps
	if w.Alias == "" {
		return
	}
	if o.Annotations == nil {
		o.Annotations = map[string]string{}
	}
	o.Annotations[v1beta1.AnnotationAlias] = w.Alias
}
