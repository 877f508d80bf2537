// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	corev1alpha1 "github.com/vela-rollouts/vela/api/core/v1alpha1"
	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/shell"
	"github.com/vela-rollouts/vela/internal/workflow/choice"
)

// Choices are the workflows that an application can be released with.
func Choices(ctx context.Context, c *cluster.Cluster, app *corev1beta1.Application) ([]choice.Workflow, error) {
	saved, err := cluster.List[corev1alpha1.Workflow](ctx, c, cluster.Workflows(), app.Namespace,
		metav1.ListOptions{LabelSelector: corev1beta1.LabelAppName + "=" + app.Name})
	if err != nil {
		return nil, err
	}
	return choice.Of(app, saved), nil
}

// NoWorkflow says that there is none with a name, and which there are.
func NoWorkflow(sh *shell.Shell, app *corev1beta1.Application, all []choice.Workflow, name string) error {
	var names []string
	for _, w := range all {
		names = append(names, w.Name)
	}
	return sh.Text.Error("workflow.no-choice", app.Name, name, strings.Join(names, ", "))
}
