// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// Impersonate gives a client that acts as a person.
type Impersonate func(Person) (client.Client, error)

// Impersonation makes clients for config's API server; all of them share its connections.
func Impersonation(config *rest.Config, scheme *runtime.Scheme, mapper meta.RESTMapper) Impersonate {
	return func(p Person) (client.Client, error) {
		c, err := client.New(ConfigFor(config, p), client.Options{Scheme: scheme, Mapper: mapper})
		if err != nil {
			return nil, fmt.Errorf("acting as %s: %w", p.User, err)
		}
		return client.WithFieldOwner(c, v1beta1.FieldManagerWeb), nil
	}
}

// ConfigFor is config in the name of a person; it shares config's connections.
func ConfigFor(config *rest.Config, p Person) *rest.Config {
	as := rest.CopyConfig(config)
	as.Impersonate = rest.ImpersonationConfig{UserName: p.User, UID: p.UID, Groups: p.Groups}
	as.UserAgent = v1beta1.FieldManagerWeb
	return as
}

// Cluster is Kubernetes in the name of the person of the context. Reads come from the informers after the API server has
// said that the person may; writes are the person's own.
type Cluster struct {
	informers   client.Reader
	scheme      *runtime.Scheme
	mapper      meta.RESTMapper
	reviewer    *Reviewer
	impersonate Impersonate
}

// NewCluster returns a Cluster that reads from informers.
func NewCluster(informers client.Reader, scheme *runtime.Scheme, mapper meta.RESTMapper, reviewer *Reviewer, impersonate Impersonate) *Cluster {
	return &Cluster{informers: informers, scheme: scheme, mapper: mapper, reviewer: reviewer, impersonate: impersonate}
}

// As is a client of the person's own: what it reads comes from the API server itself, what it writes is theirs.
func (c *Cluster) As(ctx context.Context) (client.Client, error) {
	p, err := From(ctx)
	if err != nil {
		return nil, err
	}
	return c.impersonate(p)
}

// May answers a check for the person.
func (c *Cluster) May(ctx context.Context, check Check) (Answer, error) {
	p, err := From(ctx)
	if err != nil {
		return Answer{}, err
	}
	return c.reviewer.May(ctx, p, check)
}

// Must is May with a problem 403 for a no.
func (c *Cluster) Must(ctx context.Context, check Check) error {
	p, err := From(ctx)
	if err != nil {
		return err
	}
	return c.reviewer.Must(ctx, p, check)
}

// Get reads one object from the informers, and from the API server itself what they do not have: they may not have heard yet of
// what the person made a moment ago.
func (c *Cluster) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	check, err := c.check(o, "get", key.Namespace)
	if err != nil {
		return err
	}
	check.Name = key.Name
	if err := c.Must(ctx, check); err != nil {
		return err
	}
	err = c.informers.Get(ctx, key, o, opts...)
	if !apierrors.IsNotFound(err) {
		return err
	}
	own, err := c.As(ctx)
	if err != nil {
		return err
	}
	return own.Get(ctx, key, o, opts...)
}

// List reads objects of a kind from the informers. Without a namespace the person must be allowed to list them in the
// whole cluster.
func (c *Cluster) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	var o client.ListOptions
	o.ApplyOptions(opts)
	check, err := c.check(list, "list", o.Namespace)
	if err != nil {
		return err
	}
	if err := c.Must(ctx, check); err != nil {
		return err
	}
	return c.informers.List(ctx, list, opts...)
}

// Namespaces are those in which the person may do verb with resource, sorted. The names of namespaces themselves come
// from the informers without a check.
func (c *Cluster) Namespaces(ctx context.Context, verb, group, resource string) ([]string, error) {
	list := &corev1.NamespaceList{}
	if err := c.informers.List(ctx, list); err != nil {
		return nil, fmt.Errorf("listing namespaces: %w", err)
	}
	everywhere, err := c.May(ctx, Check{Verb: verb, Group: group, Resource: resource})
	if err != nil {
		return nil, err
	}
	var names []string
	for i := range list.Items {
		name := list.Items[i].Name
		if !everywhere.Allowed {
			answer, err := c.May(ctx, Check{Verb: verb, Group: group, Resource: resource, Namespace: name})
			if err != nil {
				return nil, err
			}
			if !answer.Allowed {
				continue
			}
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// check is the question behind reading an object or a list of them.
func (c *Cluster) check(o runtime.Object, verb, namespace string) (Check, error) {
	gvk, err := apiutil.GVKForObject(o, c.scheme)
	if err != nil {
		return Check{}, fmt.Errorf("reading %T: %w", o, err)
	}
	kind := schema.GroupKind{Group: gvk.Group, Kind: strings.TrimSuffix(gvk.Kind, "List")}
	mapping, err := c.mapper.RESTMapping(kind, gvk.Version)
	if err != nil {
		return Check{}, fmt.Errorf("reading %s: %w", kind.Kind, err)
	}
	return Check{Verb: verb, Group: gvk.Group, Resource: mapping.Resource.Resource, Namespace: namespace}, nil
}
