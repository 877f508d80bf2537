// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/validation"

	corev1alpha1 "github.com/vela-rollouts/vela/api/core/v1alpha1"
	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application/validate"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/shell"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/view"
	"github.com/vela-rollouts/vela/internal/workflow/canary"
	"github.com/vela-rollouts/vela/internal/workflow/choice"
	"github.com/vela-rollouts/vela/internal/workflow/step"
)

const canaryExamples = `  # Five batches: 20, 40, 60, 80 and 100 percent, and an approval between two
  vela workflow canary canary-demo --batches 5

  # Shares of your own, going on by itself after ten minutes each
  vela workflow canary canary-demo --weights 20,50,100 --approvals timed --interval 10m

  # Look at it first; as YAML, whose steps can stand below spec.workflow of a file
  vela workflow canary canary-demo --batches 3 --prepare --dry-run
  vela workflow canary canary-demo --batches 3 --dry-run -o yaml

  # Release the application with it
  vela up canary-demo -v v3 --workflow default-canary`

// canaryOptions are the flags of `vela workflow canary`.
type canaryOptions struct {
	app       string
	batches   int
	weights   []int
	approvals string
	interval  time.Duration
	prepare   bool
	base      string
	name      string
	replace   bool
	dryRun    bool
	format    output.Format

	sh *shell.Shell
}

func newCanary(sh *shell.Shell) *cobra.Command {
	o := &canaryOptions{sh: sh}
	var format string
	cmd := sh.Command("canary APP", "workflow.canary", canaryExamples)
	flags := cmd.Flags()
	flags.IntVar(&o.batches, "batches", 0, sh.Text.Of("workflow.canary.flag.batches", canary.MostBatches))
	flags.IntSliceVar(&o.weights, "weights", nil, sh.Text.Of("workflow.canary.flag.weights"))
	flags.StringVar(&o.approvals, "approvals", string(canary.Manual), sh.Text.Of("workflow.canary.flag.approvals"))
	flags.DurationVar(&o.interval, "interval", 0, sh.Text.Of("workflow.canary.flag.interval"))
	flags.BoolVar(&o.prepare, "prepare", false, sh.Text.Of("workflow.canary.flag.prepare"))
	flags.StringVar(&o.base, "base", choice.Default, sh.Text.Of("workflow.canary.flag.base"))
	flags.StringVar(&o.name, "name", "", sh.Text.Of("workflow.canary.flag.name"))
	flags.BoolVar(&o.replace, "replace", false, sh.Text.Of("workflow.canary.flag.replace"))
	flags.BoolVar(&o.dryRun, "dry-run", false, sh.Text.Of("workflow.canary.flag.dry-run"))
	flag.Output(cmd, sh.Text, &format)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if cmd.Flags().Changed("batches") && o.batches == 0 {
			return o.wrong(canary.WrongBatches(0))
		}
		if err := o.validate(args, format); err != nil {
			return err
		}
		return o.run(cmd.Context())
	}
	return cmd
}

func (o *canaryOptions) validate(args []string, format string) error {
	var err error
	if o.app, err = o.sh.Name(args, "usage.no-application"); err != nil {
		return err
	}
	if o.format, err = output.Parse(format); err != nil {
		return exit.With(exit.Usage, err)
	}
	o.name = cmp.Or(o.name, canary.Name(o.base))
	switch {
	case choice.BuiltIn(o.name):
		return o.sh.Usage("workflow.canary.built-in", o.name)
	case len(validation.IsDNS1123Label(o.name)) > 0:
		return o.sh.Usage("workflow.canary.no-name", o.name)
	case o.interval != 0 && o.approvals != string(canary.Timed):
		return o.sh.Usage("workflow.canary.interval-alone")
	}
	if fault := canary.Check(o.request(nil)); fault != nil {
		return o.wrong(fault)
	}
	return nil
}

func (o *canaryOptions) request(base []corev1beta1.WorkflowStep) canary.Request {
	return canary.Request{
		Batches: o.batches, Weights: o.weights, Approvals: canary.Approval(o.approvals), Wait: o.interval, Prepare: o.prepare, Base: base,
	}
}

// wrong says a fault in the person's language, by the flag that it is about.
func (o *canaryOptions) wrong(fault *canary.Fault) error {
	return o.sh.Usage("workflow.canary.wrong."+fault.Field+"."+fault.Kind, fault.Args...)
}

func (o *canaryOptions) run(ctx context.Context) error {
	c, err := o.sh.Cluster(ctx)
	if err != nil {
		return err
	}
	namespace := o.sh.Namespace(c)
	app, err := cluster.Get[corev1beta1.Application](ctx, c, cluster.Applications(), namespace, o.app)
	if err != nil {
		return err
	}
	all, err := Choices(ctx, c, app)
	if err != nil {
		return err
	}
	made, err := o.generate(app, all)
	if err != nil {
		return err
	}
	object := choice.Object(app, made)
	if !o.dryRun {
		there, is := choice.Find(all, made.Name)
		if object, err = o.save(ctx, c, app, object, there, is); err != nil {
			return err
		}
	}
	if o.format.Structured() {
		object.ManagedFields = nil
		return output.Write(o.sh.Out, o.format, object)
	}
	return o.report(app, made)
}

// generate makes the workflow, and finds what admission would refuse when the application is released with it.
func (o *canaryOptions) generate(app *corev1beta1.Application, all []choice.Workflow) (choice.Workflow, error) {
	base, ok := choice.Find(all, o.base)
	if !ok {
		return choice.Workflow{}, NoWorkflow(o.sh, app, all, o.base)
	}
	steps, err := canary.Generate(o.request(base.Steps))
	if fault := (*canary.Fault)(nil); errors.As(err, &fault) {
		return choice.Workflow{}, o.wrong(fault)
	}
	if err != nil {
		return choice.Workflow{}, err
	}
	made := choice.Workflow{Name: o.name, Alias: canary.Alias(base.Alias), Mode: canary.Mode(), Steps: steps}
	trial := app.DeepCopy()
	trial.Spec.Workflow = made.Stated()
	return made, errors.Join(validate.Application(definition.Builtin(), trial, step.ValidateWorkflow(nil))...)
}

// save creates the workflow, or puts it in the place of the one that is there, where that was asked.
func (o *canaryOptions) save(
	ctx context.Context, c *cluster.Cluster, app *corev1beta1.Application, fresh *corev1alpha1.Workflow, there choice.Workflow, is bool,
) (*corev1alpha1.Workflow, error) {
	refused := exit.With(exit.Refused, o.sh.Text.Error("workflow.canary.there", o.name, app.Name, o.release(app)))
	if is && !o.replace {
		return nil, refused
	}
	if is {
		live := there.Saved.DeepCopy()
		choice.Put(live, choice.OfObject(app.Name, fresh))
		live.APIVersion, live.Kind = fresh.APIVersion, fresh.Kind
		return cluster.Update(ctx, c, cluster.Workflows(), app.Namespace, live)
	}
	made, err := cluster.Create(ctx, c, cluster.Workflows(), app.Namespace, fresh)
	if apierrors.IsAlreadyExists(err) {
		return nil, refused // somebody was quicker
	}
	return made, err
}

// report tells the steps and what they mean in pods, what to know of them, and how to release with them.
func (o *canaryOptions) report(app *corev1beta1.Application, made choice.Workflow) error {
	replicas := view.Replicas(app.Spec.Components)
	batches := map[string]canary.Batch{}
	for _, b := range canary.Simulate(made.Steps, deref(replicas)) {
		batches[b.Step] = b
	}
	rows := make([][]string, 0, len(made.Steps))
	for _, s := range made.Steps {
		weight, pods := "-", "-"
		if b, ok := batches[s.Name]; ok {
			weight = strconv.Itoa(b.Weight) + " %"
			if replicas != nil {
				pods = fmt.Sprintf("%d/%d", b.Pods, *replicas)
			}
		}
		rows = append(rows, []string{s.Name, s.Type, weight, pods})
	}
	if err := output.WriteTable(o.sh.Out, []string{"STEP", "TYPE", "WEIGHT", "NEW-PODS"}, rows); err != nil {
		return err
	}
	for _, w := range canary.Warnings(app.Spec, made.Steps, replicas) {
		o.sh.Say(o.sh.ErrStyle.Wait(o.sh.Text.Of("workflow.canary.warn."+w.Code, w.Args...)))
	}
	if o.dryRun {
		o.sh.Say(o.sh.ErrStyle.Faint(o.sh.Text.Of("workflow.canary.not-saved")))
		return nil
	}
	o.sh.Say(o.sh.Text.Of("workflow.canary.saved", made.Name, app.Name, o.sh.ErrStyle.Wait(o.release(app))))
	return nil
}

// release is the command that releases an application with the workflow.
func (o *canaryOptions) release(app *corev1beta1.Application) string {
	return "vela up " + app.Name + " -v NEW-VERSION --workflow " + o.name + shell.Suffix(app.Namespace)
}

func deref(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}
