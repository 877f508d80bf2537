// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/vela-rollouts/vela/internal/cli/text"
)

// Manager is the field manager of everything that vela applies.
const Manager = "vela-cli"

// userAgent names vela in the API server's audit log.
const userAgent = "vela-cli"

// Cluster is a way to one API server.
type Cluster struct {
	Source Source
	// Namespace of the kubeconfig's context; "default" when it names none.
	Namespace string
	// Server is the API server's address.
	Server string
	// Context is the kubeconfig context in use.
	Context string
	// Config makes further clients, for streams.
	Config *rest.Config
	// HTTP is the client that Config makes; it has no overall timeout.
	HTTP *http.Client
	// Dynamic reads and writes objects.
	Dynamic dynamic.Interface
}

// Open makes the clients for a source. It does not talk to the server yet.
func Open(source Source, context string, warn rest.WarningHandlerWithContext, t text.Text) (*Cluster, error) {
	rules := &clientcmd.ClientConfigLoadingRules{Precedence: source.Paths}
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: context})
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, t.Error("cluster.unreadable", source.String(), err)
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return nil, t.Error("cluster.unreadable", source.String(), err)
	}
	config.QPS = -1 // a person's command is not throttled
	config.UserAgent = userAgent
	config.WarningHandlerWithContext = warn
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, t.Error("cluster.unreadable", source.String(), err)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, t.Error("cluster.unreadable", source.String(), err)
	}
	objects, err := dynamic.NewForConfigAndClient(config, client)
	if err != nil {
		return nil, t.Error("cluster.unreadable", source.String(), err)
	}
	server, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return nil, t.Error("cluster.unreadable", source.String(), err)
	}
	c := &Cluster{Source: source, Namespace: namespace, Server: server.String(), Config: config, HTTP: client, Dynamic: objects}
	if c.Context = context; c.Context == "" {
		c.Context = raw.CurrentContext
	}
	return c, nil
}

// Get reads one object. A missing one is the API server's own error (apierrors.IsNotFound).
func Get[T any](ctx context.Context, c *Cluster, kind schema.GroupVersionResource, namespace, name string) (*T, error) {
	u, err := c.resource(kind, namespace).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return typed[T](u)
}

// List reads the objects of a kind; an empty namespace means all.
func List[T any](ctx context.Context, c *Cluster, kind schema.GroupVersionResource, namespace string, opts metav1.ListOptions) ([]T, error) {
	list, err := c.resource(kind, namespace).List(ctx, opts)
	if err != nil {
		return nil, err
	}
	all := make([]T, 0, len(list.Items))
	for i := range list.Items {
		v, err := typed[T](&list.Items[i])
		if err != nil {
			return nil, err
		}
		all = append(all, *v)
	}
	return all, nil
}

// Create creates v as an object of kind and returns what the server made of it.
func Create[T any](ctx context.Context, c *Cluster, kind schema.GroupVersionResource, namespace string, v *T) (*T, error) {
	return store(ctx, v, func(ctx context.Context, u *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		return c.resource(kind, namespace).Create(ctx, u, metav1.CreateOptions{FieldManager: Manager, FieldValidation: metav1.FieldValidationStrict})
	})
}

// Update puts v in the place of the object that it was made from. One that somebody changed in between is the API server's own
// error (apierrors.IsConflict).
func Update[T any](ctx context.Context, c *Cluster, kind schema.GroupVersionResource, namespace string, v *T) (*T, error) {
	return store(ctx, v, func(ctx context.Context, u *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		return c.resource(kind, namespace).Update(ctx, u, metav1.UpdateOptions{FieldManager: Manager})
	})
}

// store writes v, without its status, by put.
func store[T any](ctx context.Context, v *T, put func(context.Context, *unstructured.Unstructured) (*unstructured.Unstructured, error)) (*T, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(v)
	if err != nil {
		return nil, fmt.Errorf("writing %T: %w", v, err)
	}
	unstructured.RemoveNestedField(content, "status")
	var made *unstructured.Unstructured
	err = Admitted(ctx, func(ctx context.Context) error {
		made, err = put(ctx, &unstructured.Unstructured{Object: content})
		return err
	})
	if err != nil {
		return nil, err
	}
	return typed[T](made)
}

// Op is one operation of a JSON patch (RFC 6902).
type Op struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// Patch changes an object, or a subresource of it, and returns what the server made of it. A test that does not hold is an
// error of the API server's (apierrors.IsInvalid), and nothing is changed.
func Patch[T any](ctx context.Context, c *Cluster, kind schema.GroupVersionResource, namespace, name string, ops []Op, subresource ...string) (*T, error) {
	text, err := json.Marshal(ops)
	if err != nil {
		return nil, fmt.Errorf("writing a patch: %w", err)
	}
	var made *unstructured.Unstructured
	err = Admitted(ctx, func(ctx context.Context) error {
		made, err = c.resource(kind, namespace).Patch(ctx, name, types.JSONPatchType, text, metav1.PatchOptions{FieldManager: Manager}, subresource...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return typed[T](made)
}

func (c *Cluster) resource(kind schema.GroupVersionResource, namespace string) dynamic.ResourceInterface {
	if namespace == "" {
		return c.Dynamic.Resource(kind)
	}
	return c.Dynamic.Resource(kind).Namespace(namespace)
}

// typed reads an object into a Go type by way of JSON, so that fields of newer servers do no harm.
func typed[T any](u *unstructured.Unstructured) (*T, error) {
	raw, err := u.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", u.GetKind(), u.GetName(), err)
	}
	v := new(T)
	if err := json.Unmarshal(raw, v); err != nil {
		return nil, fmt.Errorf("reading %s %s: %w", u.GetKind(), u.GetName(), err)
	}
	return v, nil
}
