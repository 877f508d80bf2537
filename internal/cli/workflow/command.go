// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/shell"
	"github.com/vela-rollouts/vela/internal/view"
)

// waitFor is how long a verb waits for the controller unless told otherwise. A rollback is through when the last
// request on the bad version has ended.
const waitFor = 5 * time.Minute

// verb is one of the verbs that ask for an action.
type verb struct {
	action v1alpha1.Action
	// steps says that it can be asked of one step.
	steps    bool
	examples string
}

func verbs() []verb {
	return []verb{
		{v1alpha1.ActionResume, true, `  # Approve: let the release go on to its next step
  vela workflow resume canary-demo

  # Approve one of several steps that wait
  vela workflow resume canary-demo --step suspend-1st`},
		{v1alpha1.ActionSuspend, true, `  # Hold a release where it is
  vela workflow suspend canary-demo --reason "error rate looks odd"`},
		{v1alpha1.ActionRollback, false, `  # Give all traffic and pods back to the last version that succeeded
  vela workflow rollback canary-demo`},
		{v1alpha1.ActionTerminate, false, `  # End the release and leave pods and traffic as they are
  vela workflow terminate canary-demo`},
		{v1alpha1.ActionRestart, true, `  # Run the workflow again from the start, or from a step that failed
  vela workflow restart canary-demo
  vela workflow restart canary-demo --step rollout-50`},
	}
}

// NewCommand is `vela workflow` with all that is below it.
func NewCommand(sh *shell.Shell) *cobra.Command {
	cmd := sh.Parent("workflow", "workflow", newList(sh), newCanary(sh))
	cmd.Aliases = []string{"wf"}
	for _, v := range verbs() {
		cmd.AddCommand(newVerb(sh, v))
	}
	return cmd
}

// Options are the flags of one verb.
type Options struct {
	Name    string
	Step    string
	Reason  string
	Timeout time.Duration

	verb verb
	sh   *shell.Shell
}

func newVerb(sh *shell.Shell, v verb) *cobra.Command {
	o := &Options{verb: v, sh: sh}
	cmd := sh.Command(string(v.action)+" APP", "workflow."+string(v.action), v.examples)
	if v.steps {
		cmd.Flags().StringVarP(&o.Step, "step", "s", "", sh.Text.Of("workflow.flag.step"))
	}
	cmd.Flags().StringVar(&o.Reason, "reason", "", sh.Text.Of("workflow.flag.reason"))
	flag.Timeout(cmd, sh.Text, &o.Timeout, waitFor)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		var err error
		if o.Name, err = sh.Name(args, "usage.no-workflow"); err != nil {
			return err
		}
		return o.run(cmd.Context())
	}
	return cmd
}

func (o *Options) run(ctx context.Context) error {
	c, err := o.sh.Cluster(ctx)
	if err != nil {
		return err
	}
	namespace := o.sh.Namespace(c)
	app, err := cluster.Get[corev1beta1.Application](ctx, c, cluster.Applications(), namespace, o.Name)
	if err != nil {
		return err
	}
	asked, err := cluster.Create(ctx, c, cluster.Actions(), namespace, o.request(app))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	printed, said, last := 0, "", asked.Status
	err = cluster.Until(ctx, c, cluster.Actions(), namespace, asked.Name, func(a *v1alpha1.ReleaseAction) (bool, error) {
		if a == nil {
			return true, o.sh.Text.Error("workflow.action-gone", asked.Name)
		}
		last = a.Status
		if a.Status.Phase == v1alpha1.ActionRefused {
			return true, exit.With(exit.Refused, errors.New(a.Status.Message))
		}
		for ; printed < len(a.Status.Report); printed++ {
			o.sh.Printf("%s\n", a.Status.Report[printed])
		}
		if waits := a.Status.Phase == v1alpha1.ActionExecuting && a.Status.Message != said; waits && o.sh.ErrTerminal {
			said = a.Status.Message
			o.sh.Say(o.sh.ErrStyle.Faint(said))
		}
		return a.Status.Phase == v1alpha1.ActionSucceeded, nil
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded) && last.Phase == "":
		return exit.With(exit.TimedOut, o.sh.Text.Error("workflow.not-taken", o.Timeout, asked.Name))
	case errors.Is(err, context.DeadlineExceeded):
		return exit.With(exit.TimedOut, o.sh.Text.Error("workflow.not-done", o.Timeout, last.Message, asked.Name, o.Name+shell.Suffix(namespace)))
	case err != nil:
		return err
	}
	o.report(printed)
	return nil
}

// report prints the words that scripts know. A rollback tells its own story, line by line.
func (o *Options) report(printed int) {
	switch {
	case o.verb.action == v1alpha1.ActionRollback && printed > 0:
	case o.Step != "":
		o.sh.Printf("%s\n", o.sh.Text.Of("workflow.done-step", o.verb.action, o.Name, o.Step))
	default:
		o.sh.Printf("%s\n", o.sh.Text.Of("workflow.done", o.verb.action, o.Name))
	}
}

// request says what is asked. A resume is an approval of what the person saw: it names the run and the step that waits,
// so that it does nothing when the release has moved on in between. The others are for whatever runs.
func (o *Options) request(app *corev1beta1.Application) *v1alpha1.ReleaseAction {
	a := &v1alpha1.ReleaseAction{}
	a.APIVersion, a.Kind = v1alpha1.GroupVersion().String(), "ReleaseAction"
	a.GenerateName = generateName(o.Name, o.verb.action)
	a.Namespace = app.Namespace
	a.Labels = map[string]string{v1alpha1.LabelApplication: app.Name}
	a.Spec = v1alpha1.ReleaseActionSpec{Application: app.Name, Action: o.verb.action, Step: o.Step, Reason: o.Reason}
	if w := app.Status.Workflow; w != nil && o.verb.action == v1alpha1.ActionResume {
		a.Spec.Run, a.Spec.StepID = w.AppRevision, waiting(w, o.Step)
	}
	return a
}

// generateName leaves room for what the server adds; a label value, which the application's name is too, has at most 63
// characters.
func generateName(app string, action v1alpha1.Action) string {
	const room = 40
	if len(app) > room {
		app = strings.TrimRight(app[:room], "-.")
	}
	return app + "-" + string(action) + "-"
}

// waiting is the id of the one step that waits, empty when none or several do.
func waiting(w *corev1beta1.WorkflowStatus, step string) string {
	if one := view.Waiting(w, step); one != nil {
		return one.ID
	}
	return ""
}
