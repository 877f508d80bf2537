// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package up

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/util/retry"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
)

// republish publishes an application that is there under a new version: as it stands, or as an older revision had it.
func (o *Options) republish(ctx context.Context) error {
	c, err := o.sh.Cluster(ctx)
	if err != nil {
		return err
	}
	namespace := o.sh.Namespace(c)
	spec, err := o.revisionSpec(ctx, c, namespace)
	if err != nil {
		return err
	}
	applications := c.Dynamic.Resource(cluster.Applications()).Namespace(namespace)
	var applied *v1beta1.Application
	err = retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		live, err := applications.Get(ctx, o.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		annotations := live.GetAnnotations()
		if annotations == nil {
			annotations = map[string]string{}
		}
		if annotations[v1beta1.AnnotationPublishVersion] == o.PublishVersion {
			return exit.With(exit.Refused, o.sameVersion())
		}
		annotations[v1beta1.AnnotationPublishVersion] = o.PublishVersion
		live.SetAnnotations(annotations)
		if spec != nil {
			live.Object["spec"] = spec
		}
		app, err := read(live)
		if err != nil {
			return err
		}
		if err := o.choose(ctx, c, app, live); err != nil {
			return err
		}
		updated, err := applications.Update(ctx, live, metav1.UpdateOptions{FieldManager: cluster.Manager})
		if err != nil {
			return err
		}
		applied, err = read(updated)
		return err
	})
	if err != nil {
		return err
	}
	said := o.sh.Text.Of("up.updated", o.PublishVersion)
	if o.Revision != "" {
		said = o.sh.Text.Of("up.updated-using", o.PublishVersion, o.Revision)
	}
	o.sh.Printf("%s\n", said)
	if !o.Wait {
		return nil
	}
	return o.wait(ctx, c, applied)
}

func (o *Options) sameVersion() error {
	if o.Revision != "" {
		return o.sh.Text.Error("up.same-version-of-revision")
	}
	return o.sh.Text.Error("up.same-version", o.PublishVersion)
}

// revisionSpec is the specification of the revision asked for, nil when none was.
func (o *Options) revisionSpec(ctx context.Context, c *cluster.Cluster, namespace string) (map[string]any, error) {
	if o.Revision == "" {
		return nil, nil //nolint:nilnil // no revision was asked for
	}
	revision, err := cluster.Get[v1beta1.ApplicationRevision](ctx, c, cluster.Revisions(), namespace, o.Revision)
	if apierrors.IsNotFound(err) || (err == nil && application.RevisionNumber(o.Name, revision.Name) == 0) {
		return nil, o.sh.Text.Error("up.no-revision", o.Revision, o.Name)
	}
	if err != nil {
		return nil, err
	}
	spec, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&revision.Spec.Application.Spec)
	if err != nil {
		return nil, fmt.Errorf("reading revision %s: %w", o.Revision, err)
	}
	return spec, nil
}
