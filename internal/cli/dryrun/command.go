// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package dryrun

import (
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/application/render"
	"github.com/vela-rollouts/vela/internal/application/validate"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/shell"
	"github.com/vela-rollouts/vela/internal/definition"
)

// sizeLimit bounds what is read from standard input.
const sizeLimit = 4 << 20

const examples = `  vela dry-run -f app.yaml
  cat app.yaml | vela dry-run -f -`

// NewCommand is `vela dry-run`.
func NewCommand(sh *shell.Shell) *cobra.Command {
	var file string
	cmd := sh.Command("dry-run -f FILE|-", "dry-run", examples)
	flag.File(cmd, sh.Text, &file)
	cmd.RunE = func(*cobra.Command, []string) error {
		if file == "" {
			return sh.Usage("dry-run.no-file")
		}
		raw, err := read(sh, file)
		if err != nil {
			return sh.Text.Error("up.unreadable", file, err)
		}
		apps, err := validate.DecodeAll(raw)
		if err != nil {
			return sh.Text.Error("up.wrong", file, err)
		}
		for _, app := range apps {
			if err := show(sh, app); err != nil {
				return err
			}
		}
		return nil
	}
	return cmd
}

func read(sh *shell.Shell, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(io.LimitReader(sh.In, sizeLimit))
	}
	return os.ReadFile(file)
}

// show prints the manifests of one application as its first revision would have them.
func show(sh *shell.Shell, app *v1beta1.Application) error {
	registry := definition.Builtin()
	if faults := validate.Application(registry, app, nil); len(faults) > 0 {
		return errors.Join(faults...)
	}
	if app.Namespace == "" {
		app.Namespace = sh.Namespace(nil)
	}
	scope := render.Context{
		AppName: app.Name, Namespace: app.Namespace, Revision: application.RevisionName(app.Name, 1),
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
