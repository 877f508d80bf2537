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
)

// place gives each application its namespace and, with -v, its publishVersion.
func (o *Options) place(found []document, c *cluster.Cluster) error {
	for _, d := range found {
		namespace := d.app.Namespace
		if namespace != "" && o.sh.NamespaceFlag != "" && namespace != o.sh.NamespaceFlag {
			return errText(fmt.Sprintf("application namespace %s is different from the namespace %s specified by flag",
				namespace, o.sh.NamespaceFlag))
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
	}
	return nil
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
		o.report(d.app)
		if err := o.notice(ctx, c, applied); err != nil {
			return err
		}
		if !o.Wait {
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

// report prints what KubeVela prints, to the letter.
func (o *Options) report(app *v1beta1.Application) {
	name := app.Name + shell.Suffix(app.Namespace)
	o.sh.Printf("Applying an application in vela K8s object format...\n✅ App has been deployed 🚀🚀🚀\n")
	for _, line := range []struct{ label, command string }{
		{"    Port forward: ", "vela port-forward " + name},
		{"             SSH: ", "vela exec " + name},
		{"         Logging: ", "vela logs " + name},
		{"      App status: ", "vela status " + name},
		{"        Endpoint: ", "vela status " + name + " --endpoint"},
	} {
		o.sh.Printf("%s%s\n", line.label, o.sh.Style.Wait(line.command))
	}
	o.sh.Printf("Application %s applied.\n", o.sh.Style.Good(app.Namespace+"/"+app.Name))
}

// notice says so when nothing will happen: a specification that changed under a publishVersion that is out already.
func (o *Options) notice(ctx context.Context, c *cluster.Cluster, app *v1beta1.Application) error {
	version := application.PublishVersion(app)
	if version == "" || app.Status.LatestRevision == nil {
		return nil
	}
	latest, err := cluster.Get[v1beta1.ApplicationRevision](ctx, c, cluster.Revisions(), app.Namespace, app.Status.LatestRevision.Name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if application.PublishVersion(latest) != version {
		return nil
	}
	hash, err := application.SpecHash(app.Spec)
	if err != nil {
		return err
	}
	if hash == application.RevisionHash(latest) {
		o.sh.Say(o.sh.ErrStyle.Faint(o.sh.Text.Of("up.unchanged", version)))
		return nil
	}
	if !o.sh.Warned() { // admission says the same, but only when the specification changed just now
		o.sh.Say(o.sh.ErrStyle.Wait(o.sh.Text.Of("up.unpublished", version, latest.Name)))
	}
	return nil
}
