// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package up

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/shell"
	"github.com/vela-rollouts/vela/internal/cli/source"
)

// place gives each application its namespace and, with -v, its publishVersion.
func (o *Options) place(found []document, c *cluster.Cluster) error {
	placed := make([]source.Found, 0, len(found))
	for _, d := range found {
		namespace := d.app.Namespace
		if namespace != "" && o.sh.NamespaceFlag != "" && namespace != o.sh.NamespaceFlag {
			return o.sh.Text.Error("up.two-namespaces", namespace, o.sh.NamespaceFlag)
		}
		if namespace == "" {
			namespace = o.sh.Namespace(c)
		}
		d.app.Namespace = namespace
		d.object.SetNamespace(namespace)
		if o.PublishVersion != "" {
			annotations := d.object.GetAnnotations()
			if annotations == nil {
				annotations = map[string]string{}
			}
			annotations[v1beta1.AnnotationPublishVersion] = o.PublishVersion
			d.object.SetAnnotations(annotations)
			d.app.SetAnnotations(annotations)
		}
		placed = append(placed, source.Found{App: d.app, From: d.from})
	}
	return source.Distinct(o.sh.Text, placed)
}

// apply states all applications. When there are several the server is asked first whether it would take each of them,
// so that a mistake in one changes none.
func (o *Options) apply(ctx context.Context, c *cluster.Cluster, found []document) error {
	if len(found) > 1 {
		for _, d := range found {
			if _, err := send(ctx, c, d, true); err != nil {
				return fmt.Errorf("application %s/%s: %w", d.app.Namespace, d.app.Name, err)
			}
		}
	}
	for _, d := range found {
		applied, err := o.state(ctx, c, d)
		if err != nil {
			return err
		}
		outcome, say, err := o.outcome(ctx, c, applied)
		if err != nil {
			return err
		}
		o.report(d.app, outcome)
		if say != "" {
			o.sh.Say(say)
		}
		if !o.Wait || outcome == unpublished { // nothing that could be waited for was begun
			continue
		}
		if err := o.wait(ctx, c, applied); err != nil {
			return err
		}
	}
	return nil
}

// state applies one application, as the owner of the whole specification.
func (o *Options) state(ctx context.Context, c *cluster.Cluster, d document) (*v1beta1.Application, error) {
	applications := c.Dynamic.Resource(cluster.Applications()).Namespace(d.app.Namespace)
	live, err := applications.Get(ctx, d.app.Name, metav1.GetOptions{})
	if err != nil && !apierrors.IsNotFound(err) {
		return nil, err
	}
	if err == nil {
		patch, err := takeOver(live)
		if err != nil {
			return nil, err
		}
		if patch != nil {
			err := cluster.Admitted(ctx, func(ctx context.Context) error {
				_, err := applications.Patch(ctx, d.app.Name, types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: cluster.Manager})
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return send(ctx, c, d, false)
}

func send(ctx context.Context, c *cluster.Cluster, d document, tryOnly bool) (*v1beta1.Application, error) {
	raw, err := d.object.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("writing application %s: %w", d.app.Name, err)
	}
	force := true
	opts := metav1.PatchOptions{FieldManager: cluster.Manager, Force: &force, FieldValidation: metav1.FieldValidationStrict}
	if tryOnly {
		opts.DryRun = []string{metav1.DryRunAll}
	}
	var u *unstructured.Unstructured
	err = cluster.Admitted(ctx, func(ctx context.Context) error {
		u, err = c.Dynamic.Resource(cluster.Applications()).Namespace(d.app.Namespace).
			Patch(ctx, d.app.Name, types.ApplyPatchType, raw, opts)
		return err
	})
	if err != nil {
		return nil, err
	}
	return read(u)
}

func read(u *unstructured.Unstructured) (*v1beta1.Application, error) {
	raw, err := u.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("reading application %s: %w", u.GetName(), err)
	}
	app := &v1beta1.Application{}
	if err := json.Unmarshal(raw, app); err != nil {
		return nil, fmt.Errorf("reading application %s: %w", u.GetName(), err)
	}
	return app, nil
}

// report prints what KubeVela prints, to the letter, but for what is not true: a specification that is not published is not
// deployed.
func (o *Options) report(app *v1beta1.Application, what outcome) {
	name := app.Name + shell.Suffix(app.Namespace)
	o.sh.Printf("%s\n", o.sh.Text.Of("up.applying"))
	if what != unpublished {
		o.sh.Printf("%s\n", o.sh.Text.Of("up.deployed"))
	}
	for _, line := range []struct{ label, command string }{
		{"up.port-forward", "vela port-forward " + name},
		{"up.ssh", "vela exec " + name},
		{"up.logging", "vela logs " + name},
		{"up.app-status", "vela status " + name},
		{"up.endpoint", "vela status " + name + " --endpoint"},
	} {
		o.sh.Printf("%s%s\n", o.sh.Text.Of(line.label), o.sh.Style.Wait(line.command))
	}
	o.sh.Printf("%s\n", o.sh.Text.Of("up.applied", o.sh.Style.Good(app.Namespace+"/"+app.Name)))
}

// outcome is what comes of an application that was applied.
type outcome int

const (
	// published: a version of it is on its way, or will be.
	published outcome = iota
	// unchanged: it is what was published already.
	unchanged
	// unpublished: the specification changed under a publishVersion that is out already, so nothing will happen.
	unpublished
)

// outcome says what comes of it, and what to tell the person where that is nothing.
func (o *Options) outcome(ctx context.Context, c *cluster.Cluster, app *v1beta1.Application) (outcome, string, error) {
	version := application.PublishVersion(app)
	if app.Status.LatestRevision == nil {
		return published, "", nil
	}
	latest, err := cluster.Get[v1beta1.ApplicationRevision](ctx, c, cluster.Revisions(), app.Namespace, app.Status.LatestRevision.Name)
	if apierrors.IsNotFound(err) {
		return published, "", nil
	}
	if err != nil {
		return published, "", err
	}
	if application.PublishVersion(latest) != version {
		return published, "", nil
	}
	hash, err := application.SpecHash(app.Spec)
	if err != nil {
		return published, "", err
	}
	if hash == application.RevisionHash(latest) && version == "" {
		return unchanged, o.sh.ErrStyle.Faint(o.sh.Text.Of("up.unchanged-specification", latest.Name)), nil
	}
	if version == "" { // each change of the specification is published
		return published, "", nil
	}
	if hash == application.RevisionHash(latest) {
		return unchanged, o.sh.ErrStyle.Faint(o.sh.Text.Of("up.unchanged", version)), nil
	}
	if o.sh.Warned() { // admission said the same; it does only when the specification changed just now
		return unpublished, "", nil
	}
	return unpublished, o.sh.ErrStyle.Wait(o.sh.Text.Of("up.unpublished", version, latest.Name)), nil
}
