// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package dryrun

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/application/render"
	"github.com/vela-rollouts/vela/internal/application/validate"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/shell"
	"github.com/vela-rollouts/vela/internal/cli/source"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/workflow/step"
)

const examples = `  vela dry-run -f app.yaml
  cat app.yaml | vela dry-run -f -
  vela dry-run -f ./apps
  vela dry-run -f https://example.com/app.yaml`

// NewCommand is `vela dry-run`.
func NewCommand(sh *shell.Shell) *cobra.Command {
	var files []string
	cmd := sh.Command("dry-run -f FILE|-|DIR|URL", "dry-run", examples)
	flag.File(cmd, sh.Text, &files)
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 && len(files) == 0 && source.Meant(args[0], true) {
			return sh.Usage("usage.file-without-flag", args[0], cmd.CommandPath())
		}
		return sh.NoArguments(cmd, args)
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		files = slices.DeleteFunc(files, func(f string) bool { return f == "" }) // as good as not given
		if len(files) == 0 {
			return sh.Usage("dry-run.no-file")
		}
		if err := source.Check(sh, files); err != nil {
			return err
		}
		return run(cmd.Context(), sh, files)
	}
	return cmd
}

func run(ctx context.Context, sh *shell.Shell, files []string) error {
	found, err := source.Read(ctx, sh, files)
	if err != nil {
		return err
	}
	for _, f := range found {
		if err := place(sh, f.App); err != nil {
			return err
		}
	}
	if err := source.Distinct(sh.Text, found); err != nil {
		return err
	}
	registry := definition.Builtin()
	for _, f := range found { // nothing is shown of a file that holds a fault, as nothing of it is applied
		if err := check(sh, registry, f.App, len(found) > 1); err != nil {
			return err
		}
	}
	for _, f := range found {
		if err := show(sh, registry, f.App); err != nil {
			return err
		}
	}
	return nil
}

// place gives app its namespace.
func place(sh *shell.Shell, app *v1beta1.Application) error {
	switch {
	case app.Namespace == "":
		app.Namespace = sh.Namespace(nil)
	case sh.NamespaceFlag != "" && sh.NamespaceFlag != app.Namespace:
		return sh.Text.Error("up.two-namespaces", app.Namespace, sh.NamespaceFlag)
	}
	return nil
}

// check finds the faults that admission would refuse app for; named says that it is one of several.
func check(sh *shell.Shell, registry *definition.Registry, app *v1beta1.Application, named bool) error {
	err := errors.Join(validate.Application(registry, app, step.ValidateWorkflow(nil))...)
	switch {
	case err != nil && named:
		return fmt.Errorf("application %s/%s: %w", app.Namespace, app.Name, err)
	case err == nil && step.HasConditions(app.Spec):
		sh.Say(sh.ErrStyle.Faint(sh.Text.Of("dry-run.conditions", app.Name)))
	}
	return err
}

// show prints the manifests of one application. Which revision it will be only a cluster knows that has those before it,
// so the manifests name none.
func show(sh *shell.Shell, registry *definition.Registry, app *v1beta1.Application) error {
	scope := render.Context{
		AppName: app.Name, Namespace: app.Namespace,
		PublishVersion: application.PublishVersion(app), AppLabels: app.Labels, AppAnnotations: app.Annotations,
	}
	for _, component := range app.Spec.Components {
		manifests, err := render.Component(registry, scope, component)
		if err != nil {
			return err
		}
		sh.Printf("---\n# Application(%s) -- Component(%s)\n---\n\n", app.Name, component.Name)
		for i, m := range manifests {
			raw, err := yaml.Marshal(m.Object.Object)
			if err != nil {
				return err
			}
			if i > 0 {
				sh.Printf("---\n")
			}
			if m.Trait != "" {
				sh.Printf("## From the trait %s \n", m.Trait)
			}
			sh.Printf("%s\n", raw)
		}
	}
	return nil
}
