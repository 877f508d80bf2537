// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
)

// errorLimit bounds what is read of an answer that says what went wrong.
const errorLimit = 64 << 10

// PodURL is the address of a subresource of a pod, such as log or exec.
func (c *Cluster) PodURL(namespace, pod, subresource string, query url.Values) (*url.URL, error) {
	joined, err := url.JoinPath(c.Server, "/api/v1/namespaces", namespace, "pods", pod, subresource)
	if err != nil {
		return nil, fmt.Errorf("asking for %s of pod %s: %w", subresource, pod, err)
	}
	u, err := url.Parse(joined)
	if err != nil {
		return nil, fmt.Errorf("asking for %s of pod %s: %w", subresource, pod, err)
	}
	u.RawQuery = query.Encode()
	return u, nil
}

// Stream reads an address of the API server until it or the context ends. A refusal is the server's own error.
func (c *Cluster) Stream(ctx context.Context, address *url.URL) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", address.Path, err)
	}
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode == http.StatusOK {
		return resp.Body, nil
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, errorLimit))
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", address.Path, err)
	}
	var status metav1.Status
	if json.Unmarshal(raw, &status) == nil && status.Status == metav1.StatusFailure {
		return nil, &apierrors.StatusError{ErrStatus: status}
	}
	return nil, fmt.Errorf("asking %s: %s", address.Path, resp.Status)
}

// Version asks the server which Kubernetes it is.
func (c *Cluster) Version(ctx context.Context) (string, error) {
	address, err := url.Parse(c.Server)
	if err != nil {
		return "", fmt.Errorf("asking for the version: %w", err)
	}
	body, err := c.Stream(ctx, address.JoinPath("version"))
	if err != nil {
		return "", err
	}
	defer body.Close()
	var v struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := json.NewDecoder(body).Decode(&v); err != nil {
		return "", fmt.Errorf("reading the version: %w", err)
	}
	return v.GitVersion, nil
}

// Each calls tell with every object that is selected now, and then with each that is new or changed, until the context
// ends.
func Each[T any](ctx context.Context, c *Cluster, kind schema.GroupVersionResource, namespace string, selector string, tell func(*T)) error {
	resource := c.resource(kind, namespace)
	for {
		list, err := resource.List(ctx, metav1.ListOptions{LabelSelector: selector})
		if err != nil {
			return err
		}
		for i := range list.Items {
			v, err := typed[T](&list.Items[i])
			if err != nil {
				return err
			}
			tell(v)
		}
		changes, err := resource.Watch(ctx, metav1.ListOptions{LabelSelector: selector, ResourceVersion: list.GetResourceVersion()})
		if err != nil {
			return err
		}
		err = tellEach(ctx, changes, tell)
		changes.Stop()
		if err != nil {
			return err
		}
	}
}

func tellEach[T any](ctx context.Context, changes watch.Interface, tell func(*T)) error {
	for {
		event, open := next(ctx, changes)
		if !open {
			return ctx.Err()
		}
		u, ok := asObject(event)
		if !ok {
			continue
		}
		v, err := typed[T](u)
		if err != nil {
			return err
		}
		tell(v)
	}
}

func asObject(event watch.Event) (*unstructured.Unstructured, bool) {
	u, ok := event.Object.(*unstructured.Unstructured)
	return u, ok && (event.Type == watch.Added || event.Type == watch.Modified)
}
