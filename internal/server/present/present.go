// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package present puts what was seen, and what internal/view makes of it, into the words of the contract. It is pure and decides
// nothing.
package present

import (
	"encoding/json"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/view"
)

// Project is the one there is.
const Project = "Default"

// Environment is how a namespace is called.
func Environment(namespace string) string {
	if namespace == "default" {
		return "Default"
	}
	return namespace
}

// Status of an application.
func Status(s view.Status) api.Status {
	return api.Status{Word: api.StatusWord(s.Word), Weight: number(s.Weight), Since: s.Since, Until: s.Until, Step: s.Step, Message: s.Message}
}

// Summary of an application, for lists.
func Summary(seen gather.Seen) api.AppSummary {
	app := seen.App
	tree := view.Of(seen.Seen)
	s := api.AppSummary{
		Namespace: app.Namespace, Name: app.Name, Status: Status(tree.State), Components: components(app),
		PublishVersion: application.PublishVersion(app), CreatedAt: app.CreationTimestamp.UTC(), Undeployed: app.Status.UnpublishedChange != "",
		Alias: app.Annotations[v1beta1.AnnotationAlias], Description: app.Annotations[v1beta1.AnnotationDescription],
		Revision: tree.About.Revision,
	}
	if w := app.Status.Workflow; w != nil {
		s.Run = w.AppRevision
	}
	for _, r := range tree.Releases {
		split := Split(r)
		s.Split = &split
		break
	}
	return s
}

func components(app *v1beta1.Application) []api.ComponentSummary {
	all := make([]api.ComponentSummary, 0, len(app.Spec.Components))
	for _, c := range app.Spec.Components {
		one := api.ComponentSummary{Name: c.Name, Type: c.Type, Image: imageOf(c)}
		for _, t := range c.Traits {
			one.Traits = append(one.Traits, t.Type)
		}
		for _, s := range app.Status.Services {
			if s.Name == c.Name {
				one.Healthy, one.Message = &s.Healthy, s.Message
			}
		}
		all = append(all, one)
	}
	return all
}

func imageOf(c v1beta1.Component) string {
	var properties struct {
		Image string `json:"image"`
	}
	if c.Properties == nil || json.Unmarshal(c.Properties.Raw, &properties) != nil {
		return ""
	}
	return properties.Image
}

// Images of a specification, each once.
func Images(spec v1beta1.ApplicationSpec) []string {
	var all []string
	for _, c := range spec.Components {
		if image := imageOf(c); image != "" && !slices.Contains(all, image) {
			all = append(all, image)
		}
	}
	return all
}

// App with its specification and, where that is another one, the one that is deployed.
func App(seen gather.Seen) api.App {
	app := seen.App
	a := api.App{
		Namespace: app.Namespace, Name: app.Name, Uid: string(app.UID), ResourceVersion: app.ResourceVersion, CreatedAt: app.CreationTimestamp.UTC(),
		Alias: app.Annotations[v1beta1.AnnotationAlias], Description: app.Annotations[v1beta1.AnnotationDescription],
		Project: Project, Environment: Environment(app.Namespace), Labels: app.Labels, Annotations: annotations(app.Annotations),
		Spec: app.Spec, PublishVersion: application.PublishVersion(app), Workflow: app.Annotations[v1beta1.AnnotationWorkflowName],
		Undeployed: app.Status.UnpublishedChange != "", Held: app.Labels[v1beta1.LabelPause] == "true", Status: Status(view.StatusOf(seen.Seen)),
	}
	if a.Spec.Components == nil {
		a.Spec.Components = []v1beta1.Component{}
	}
	if latest := app.Status.LatestRevision; latest != nil {
		a.Revision = latest.Name
		for i := range seen.Revisions {
			if seen.Revisions[i].Name == latest.Name {
				a.DeployedSpec = &seen.Revisions[i].Spec.Application.Spec
			}
		}
	}
	if w := app.Status.Workflow; w != nil {
		a.Run = w.AppRevision
	}
	return a
}

// annotations without those that are only noise to a person.
func annotations(all map[string]string) map[string]string {
	kept := map[string]string{}
	for name, value := range all {
		if name != corev1.LastAppliedConfigAnnotation {
			kept[name] = value
		}
	}
	return kept
}

func number(n *int32) *int {
	if n == nil {
		return nil
	}
	i := int(*n)
	return &i
}

// Changes between two specifications.
func Changes(all []view.Change) []api.Change {
	out := make([]api.Change, 0, len(all))
	for _, c := range all {
		out = append(out, api.Change{
			Op: api.ChangeOp(c.Op), Kind: api.ChangeKind(c.Kind), Component: c.Component, Trait: c.Trait, Path: c.Path, Field: c.Field, From: c.From, To: c.To,
		})
	}
	return out
}
