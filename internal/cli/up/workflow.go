// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package up

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/workflow"
	"github.com/vela-rollouts/vela/internal/workflow/choice"
)

// byWorkflow gives each application of files the steps of the workflow that was asked for.
func (o *Options) byWorkflow(ctx context.Context, c *cluster.Cluster, found []document) error {
	for _, d := range found {
		if err := o.choose(ctx, c, d.app, d.object); err != nil {
			return err
		}
	}
	return nil
}

// choose states the steps of the workflow that was asked for in an application, and its name, as a deployment in the browser does.
func (o *Options) choose(ctx context.Context, c *cluster.Cluster, app *v1beta1.Application, object *unstructured.Unstructured) error {
	if o.Workflow == "" {
		return nil
	}
	all, err := workflow.Choices(ctx, c, app)
	if err != nil {
		return err
	}
	chosen, ok := choice.Find(all, o.Workflow)
	if !ok {
		return workflow.NoWorkflow(o.sh, app, all, o.Workflow)
	}
	if err := state(object, chosen.Stated()); err != nil {
		return err
	}
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1beta1.AnnotationWorkflowName] = chosen.Name
	object.SetAnnotations(annotations)
	return nil
}

func state(object *unstructured.Unstructured, steps *v1beta1.Workflow) error {
	if steps == nil {
		unstructured.RemoveNestedField(object.Object, "spec", "workflow")
		return nil
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(steps)
	if err != nil {
		return fmt.Errorf("writing a workflow: %w", err)
	}
	return unstructured.SetNestedMap(object.Object, content, "spec", "workflow")
}
