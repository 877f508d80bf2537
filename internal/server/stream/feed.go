// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"time"

	"k8s.io/client-go/tools/cache"
	crcache "sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/internal/server/access"
)

// Feed is where the topics of one kind get their data.
type Feed struct {
	// Needs are the permissions for a topic: those that its REST operation needs, and those of what it reads.
	Needs func(Topic) []access.Check
	// Data is all of a topic, worked out from the informers with nobody's rights in particular: it is shared by all who follow
	// the topic. For apps:* namespaces are those that are meant, nil for all of them. A problem 404 says that the topic is
	// gone; with any other error the topic stays as it was, and is tried again.
	Data func(ctx context.Context, topic Topic, namespaces []string) (any, error)
	// Kinds are those whose changes can matter.
	Kinds []client.Object
	// Touched says that a change of an object may have changed the data.
	Touched func(Topic, client.Object) bool
	// Every is how often the data is worked out though no object changed; 0: never.
	Every time.Duration
	// Unsteady are members of the data that are no news by themselves, such as the time of the look.
	Unsteady []string
}

// Source tells of changes.
type Source interface {
	// Follow calls changed for each object of a kind that is there, comes, changes or goes, until ctx ends. It does not wait. A kind
	// that the API server does not have is an error that meta.IsNoMatchError knows.
	Follow(ctx context.Context, kind client.Object, changed func(client.Object)) error
}

// Informers is a Source: the shared informers of a cache, which may be the controllers' own.
type Informers struct{ Cache crcache.Informers }

// Follow adds a handler to the kind's informer.
func (i Informers) Follow(ctx context.Context, kind client.Object, changed func(client.Object)) error {
	informer, err := i.Cache.GetInformer(ctx, kind, crcache.BlockUntilSynced(false))
	if err != nil {
		return err
	}
	tell := func(o any) {
		if gone, ok := o.(cache.DeletedFinalStateUnknown); ok {
			o = gone.Obj
		}
		if object, ok := o.(client.Object); ok {
			changed(object)
		}
	}
	registered, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: tell, DeleteFunc: tell,
		UpdateFunc: func(before, after any) {
			old, ok := before.(client.Object)
			fresh, also := after.(client.Object)
			if ok && also && old.GetResourceVersion() == fresh.GetResourceVersion() {
				return // a resync is no news
			}
			tell(after)
		},
	})
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { _ = informer.RemoveEventHandler(registered) }) // the informer may have stopped before
	return nil
}
