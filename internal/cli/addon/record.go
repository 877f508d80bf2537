// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package addon

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/retry"

	catalogue "github.com/vela-rollouts/vela/internal/addon"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// read gets the record; there says whether there is one.
func read(ctx context.Context, c *cluster.Cluster) (r catalogue.Record, there bool, err error) {
	m, err := cluster.Get[corev1.ConfigMap](ctx, c, cluster.ConfigMaps(), catalogue.Namespace, catalogue.ConfigMap)
	if apierrors.IsNotFound(err) {
		return catalogue.Record{}, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return m.Data, true, nil
}

// set writes a decision into the record, unless it says so already. Somebody else's decision at the same time is kept.
func set(ctx context.Context, sh *shell.Shell, c *cluster.Cluster, name, state string) (changed bool, err error) {
	err = retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		r, there, err := read(ctx, c)
		if err != nil {
			return err
		}
		if r.State(name) == state {
			return nil
		}
		changed = true
		r = r.With(name, state, sh.Now())
		if there {
			return update(ctx, c, r)
		}
		return create(ctx, c, r)
	})
	return changed, err
}

func update(ctx context.Context, c *cluster.Cluster, r catalogue.Record) error {
	maps := c.Dynamic.Resource(cluster.ConfigMaps()).Namespace(catalogue.Namespace)
	live, err := maps.Get(ctx, catalogue.ConfigMap, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if err := unstructured.SetNestedStringMap(live.Object, r, "data"); err != nil {
		return err
	}
	_, err = maps.Update(ctx, live, metav1.UpdateOptions{FieldManager: cluster.Manager})
	return err
}

func create(ctx context.Context, c *cluster.Cluster, r catalogue.Record) error {
	ns := &corev1.Namespace{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Namespace"}}
	ns.Name = catalogue.Namespace
	if _, err := cluster.Create(ctx, c, cluster.Namespaces(), "", ns); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	m := &corev1.ConfigMap{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "ConfigMap"}, Data: r}
	m.Name, m.Namespace = catalogue.ConfigMap, catalogue.Namespace
	_, err := cluster.Create(ctx, c, cluster.ConfigMaps(), catalogue.Namespace, m)
	return err
}
