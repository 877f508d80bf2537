// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package uxstage

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// watches plays the shared informers: each kind is watched, nothing of what is there already is told.
type watches struct{ client client.WithWatch }

// Follow watches a kind until ctx ends.
func (w watches) Follow(ctx context.Context, kind client.Object, changed func(client.Object)) error {
	gvk, err := apiutil.GVKForObject(kind, w.client.Scheme())
	if err != nil {
		return err
	}
	gvk.Kind += "List"
	list, err := w.client.Scheme().New(gvk)
	if err != nil {
		return err
	}
	objects, ok := list.(client.ObjectList)
	if !ok {
		return fmt.Errorf("%T is no list", list)
	}
	watching, err := w.client.Watch(ctx, objects)
	if err != nil {
		return err
	}
	go func() {
		defer watching.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case e, open := <-watching.ResultChan():
				if !open {
					return
				}
				if o, ok := e.Object.(client.Object); ok {
					changed(o)
				}
			}
		}
	}()
	return nil
}

// run keeps something going until the test ends.
func (s *Stage) run(what func(context.Context) error) {
	ended := make(chan error, 1)
	ctx, stop := context.WithCancel(s.T.Context())
	go func() { ended <- what(ctx) }()
	s.T.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			s.T.Error(err)
		}
	})
}
