// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package uxstage

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// counted is the reader of the server, whose reads are counted.
type counted struct {
	client.Reader
	stage *Stage
}

// Get reads an object.
func (c counted) Get(ctx context.Context, key client.ObjectKey, o client.Object, opts ...client.GetOption) error {
	c.count()
	return c.Reader.Get(ctx, key, o, opts...)
}

// List reads objects.
func (c counted) List(ctx context.Context, list client.ObjectList, opts ...client.ListOption) error {
	c.count()
	return c.Reader.List(ctx, list, opts...)
}

func (c counted) count() {
	c.stage.mu.Lock()
	defer c.stage.mu.Unlock()
	c.stage.reads++
}
