// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package up

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// wait follows the application until it runs or waits for an approval, and says what it is doing on the way.
func (o *Options) wait(ctx context.Context, c *cluster.Cluster, applied *v1beta1.Application) error {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	said := ""
	err := cluster.Until(ctx, c, cluster.Applications(), applied.Namespace, applied.Name, func(app *v1beta1.Application) (bool, error) {
		if app == nil {
			return true, o.sh.Text.Error("up.vanished", applied.Name)
		}
		if line := progress(app); line != said && o.current(app, applied.Generation) {
			o.sh.Say(o.sh.ErrStyle.Faint(o.sh.Text.Of("up.waiting", line)))
			said = line
		}
		return o.reached(app, applied.Generation)
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return exit.With(exit.TimedOut, o.sh.Text.Error("up.timeout", o.Timeout, cmp.Or(said, o.sh.Text.Of("up.not-begun")), applied.Name+shell.Suffix(applied.Namespace)))
	}
	return err
}

// progress is where the application is, in one phrase.
func progress(app *v1beta1.Application) string {
	line := string(app.Status.Phase)
	w := app.Status.Workflow
	if w == nil || len(w.Steps) == 0 {
		return line
	}
	last := w.Steps[len(w.Steps)-1]
	line = fmt.Sprintf("%s, %s %s", line, last.Name, last.Phase)
	if last.Message != "" {
		line += " (" + last.Message + ")"
	}
	return line
}

// lastStep names the step that the workflow came to.
func lastStep(app *v1beta1.Application) string {
	w := app.Status.Workflow
	if len(w.Steps) == 0 {
		return ""
	}
	return w.Steps[len(w.Steps)-1].Name
}

// current says that the status is about this specification: the controller has observed the generation and runs the workflow
// of its version.
func (*Options) current(app *v1beta1.Application, generation int64) bool {
	w := app.Status.Workflow
	if app.Status.ObservedGeneration < generation || w == nil {
		return false
	}
	version := application.PublishVersion(app)
	return version == "" || w.AppRevision == version
}

// reached judges one state of the application.
func (o *Options) reached(app *v1beta1.Application, generation int64) (bool, error) {
	if app.DeletionTimestamp != nil {
		return true, o.sh.Text.Error("up.deleting")
	}
	if !o.current(app, generation) {
		return false, nil
	}
	switch app.Status.Phase {
	case v1beta1.PhaseRunning:
		o.sh.Printf("%s\n", o.sh.Style.Good(o.sh.Text.Of("up.success")))
		return true, nil
	case v1beta1.PhaseWorkflowSuspending:
		name := app.Name + shell.Suffix(app.Namespace)
		o.sh.Printf("%s\n", o.sh.Style.Wait(o.sh.Text.Of("up.suspended", lastStep(app), name, name)))
		return true, nil
	case v1beta1.PhaseWorkflowTerminated, v1beta1.PhaseWorkflowFailed:
		o.sh.Say(o.sh.Text.Of("up.details"))
		o.sh.Say("   vela status " + app.Name + " -n " + app.Namespace)
		return true, o.sh.Text.Error("up.failed")
	default:
		return false, nil
	}
}
