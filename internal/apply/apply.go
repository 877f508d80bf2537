// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"context"
	"fmt"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// FieldManager owns what this package writes.
const FieldManager = "vela-application"

// Applier writes objects. It remembers the last answer for each, so that an object whose stored form differs from what
// was sent (the server may rewrite values) is not sent again and again.
type Applier struct {
	client client.Client
	direct client.Reader

	mu       sync.Mutex
	answered map[string]answer
}

type answer struct{ hash, resourceVersion string }

// New returns an Applier that writes through c and reads through its cache; direct reads past the cache, which leaves out
// who wrote what (managedFields).
func New(c client.Client, direct client.Reader) *Applier {
	return &Applier{client: c, direct: direct, answered: map[string]answer{}}
}

// Apply makes the object be as want says, for owner, and reports whether anything had to be written. live is the object
// as it was seen, nil where there was none. recorded says that the inventories of owner had the object before (Refuse).
// A conflict error means that it was seen too early: look and decide again.
func (a *Applier) Apply(ctx context.Context, owner Owner, want, live *unstructured.Unstructured, recorded bool) (bool, error) {
	if err := a.Refuse(ctx, owner, live, recorded); err != nil {
		return false, err
	}
	hash, err := hashOf(want)
	if err != nil {
		return false, err
	}
	send := want.DeepCopy()
	if live != nil {
		send = without(want, heldFields(live))
		if a.settled(live, send, hash) {
			return false, nil
		}
	}
	annotations := send.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1beta1.AnnotationSpecHash] = hash
	send.SetAnnotations(annotations)
	if live != nil && holdable(want) {
		send.SetResourceVersion(live.GetResourceVersion())
	}
	err = a.send(ctx, send)
	if apierrors.IsInvalid(err) && otherPorts(live, want) {
		if err := a.replacePorts(ctx, want, live); err != nil {
			return false, err
		}
		err = a.send(ctx, send)
	}
	if err != nil {
		return false, fmt.Errorf("applying %s: %w", Describe(want), err)
	}
	a.mu.Lock()
	a.answered[key(want)] = answer{hash: hash, resourceVersion: send.GetResourceVersion()}
	a.mu.Unlock()
	return true, nil
}

func (a *Applier) send(ctx context.Context, o *unstructured.Unstructured) error {
	return a.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), client.FieldOwner(FieldManager), client.ForceOwnership)
}

// settled says that live already is what send asks for.
func (a *Applier) settled(live, send *unstructured.Unstructured, hash string) bool {
	if live.GetDeletionTimestamp() != nil {
		return true // it is on its way out; the next look finds it gone and makes it anew
	}
	if live.GetAnnotations()[v1beta1.AnnotationSpecHash] != hash {
		return false
	}
	a.mu.Lock()
	last := a.answered[key(send)]
	a.mu.Unlock()
	if last.hash == hash && last.resourceVersion == live.GetResourceVersion() {
		return true
	}
	if !steered(send) {
		send = withoutRevision(send)
	}
	return Covers(live.Object, send.Object)
}

// Delete removes an object of owner; one that is gone, on its way out or of somebody else is left alone. It reports
// whether something had to be done.
func (a *Applier) Delete(ctx context.Context, owner Owner, live *unstructured.Unstructured) (bool, error) {
	if live == nil || live.GetDeletionTimestamp() != nil || refuse(owner, live) != nil {
		return false, nil
	}
	a.mu.Lock()
	delete(a.answered, key(live))
	a.mu.Unlock()
	uid := live.GetUID()
	err := a.client.Delete(ctx, live, client.Preconditions{UID: &uid}, client.PropagationPolicy("Background"))
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
		return false, fmt.Errorf("deleting %s: %w", Describe(live), err)
	}
	return true, nil
}

// Abandon takes the labels of owner off an object that stays behind.
func (a *Applier) Abandon(ctx context.Context, owner Owner, live *unstructured.Unstructured) error {
	if live == nil || refuse(owner, live) != nil {
		return nil
	}
	patch := fmt.Sprintf(`{"metadata":{"labels":{%q:null,%q:null,%q:null,%q:null}}}`,
		v1beta1.LabelAppName, v1beta1.LabelAppNamespace, v1beta1.LabelAppRevision, v1beta1.LabelRevisionHash)
	err := a.client.Patch(ctx, live, client.RawPatch("application/merge-patch+json", []byte(patch)), client.FieldOwner(FieldManager))
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("letting go of %s: %w", Describe(live), err)
	}
	return nil
}

func key(o *unstructured.Unstructured) string {
	return o.GetAPIVersion() + "/" + o.GetKind() + "/" + o.GetNamespace() + "/" + o.GetName()
}
