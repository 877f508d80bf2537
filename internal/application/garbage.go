// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// RevisionLimit is how many revisions are kept beside the one in force and the one a rollback would go to.
const RevisionLimit = 10

// Key names an object of an inventory.
type Key struct{ APIVersion, Kind, Namespace, Name string }

// KeyOf is the key of an inventory's entry.
func KeyOf(r v1beta1.ManagedResource) Key {
	return Key{APIVersion: r.APIVersion, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// Holdings is what Garbage decides from.
type Holdings struct {
	App       *v1beta1.Application
	Revisions []v1beta1.ApplicationRevision
	// Current is the revision in force, nil when there is none yet.
	Current *v1beta1.ApplicationRevision
	// Settled says that the workflow of Current succeeded; before that nothing is given up, so that a rollback finds all.
	Settled  bool
	Trackers []v1beta1.ResourceTracker
	// Exists says whether an object of an inventory is still there.
	Exists func(v1beta1.ManagedResource) bool
}

// Garbage is what nobody needs any more.
type Garbage struct {
	Objects   []v1beta1.ManagedResource
	Trackers  []types.NamespacedName
	Revisions []string
	// Waiting says that some objects are still on their way out.
	Waiting bool
}

// Sweep finds what nobody needs any more: when the Application goes, everything; when the current version succeeded, the
// objects that only other versions have, inventories with nothing left in them, and the oldest revisions over the limit.
func Sweep(h Holdings) Garbage {
	deleting := h.App.DeletionTimestamp != nil
	if !deleting && !h.Settled {
		return Garbage{}
	}
	kept := map[Key]bool{}
	if !deleting {
		for _, t := range h.Trackers {
			if !TrackerOf(&t, h.Current) {
				continue
			}
			for _, r := range t.Spec.ManagedResources {
				kept[KeyOf(r)] = true
			}
		}
	}
	var g Garbage
	seen := map[Key]bool{}
	for i := range h.Trackers {
		t := &h.Trackers[i]
		if !deleting && TrackerOf(t, h.Current) {
			continue
		}
		left := false
		for _, r := range t.Spec.ManagedResources {
			key := KeyOf(r)
			if kept[key] || !h.Exists(r) {
				continue
			}
			left = true
			if !seen[key] {
				seen[key] = true
				g.Objects = append(g.Objects, r)
			}
		}
		if !left {
			g.Trackers = append(g.Trackers, types.NamespacedName{Name: t.Name})
		}
		g.Waiting = g.Waiting || left
	}
	if !deleting {
		g.Revisions = surplus(h)
	}
	return g
}

// TrackerOf says whether t is the inventory of rev.
func TrackerOf(t *v1beta1.ResourceTracker, rev *v1beta1.ApplicationRevision) bool {
	return rev != nil && t.Labels[v1beta1.LabelAppRevision] == rev.Name && t.Labels[v1beta1.LabelRevisionHash] == RevisionHash(rev)
}

// surplus names the oldest revisions over the limit.
func surplus(h Holdings) []string {
	target := RollbackTarget(h.App.Name, h.Revisions)
	var spare []string
	for _, r := range byNumber(h.App.Name, h.Revisions) {
		if h.Current != nil && r.Name == h.Current.Name || target != nil && r.Name == target.Name {
			continue
		}
		spare = append(spare, r.Name)
	}
	return spare[:max(0, len(spare)-RevisionLimit)]
}

// TrackerName is the name of the inventory of rev. It carries the hash, because a name that a rollback set free is used
// again while the objects of the version that was rolled back are still on their way out.
func TrackerName(rev *v1beta1.ApplicationRevision) string {
	hash := RevisionHash(rev)
	return rev.Name + "-" + hash[:min(8, len(hash))] + "-" + rev.Namespace
}

// Entry is one object that is to be kept as an inventory has it.
type Entry struct {
	v1beta1.ManagedResource
	// Revision is the version whose inventory holds it.
	Revision string
	// Stepped says that this inventory has a Rollout for the object's component.
	Stepped bool
}

// Kept lists what is in force, object by object: as the newest version that dispatched it has it, the current one first,
// then the older ones. Versions newer than the current one were rolled back and don't count.
func Kept(app string, current *v1beta1.ApplicationRevision, trackers []v1beta1.ResourceTracker) []Entry {
	if current == nil {
		return nil
	}
	number := RevisionNumber(app, current.Name)
	var held []v1beta1.ResourceTracker
	for _, t := range trackers {
		n := RevisionNumber(app, t.Labels[v1beta1.LabelAppRevision])
		if TrackerOf(&t, current) || n < number {
			held = append(held, t)
		}
	}
	slices.SortFunc(held, func(a, b v1beta1.ResourceTracker) int {
		return cmp.Compare(RevisionNumber(app, b.Labels[v1beta1.LabelAppRevision]), RevisionNumber(app, a.Labels[v1beta1.LabelAppRevision]))
	})
	var entries []Entry
	seen := map[Key]bool{}
	for _, t := range held {
		stepped := map[string]bool{}
		for _, r := range t.Spec.ManagedResources {
			if r.Kind == "Rollout" {
				stepped[r.Component] = true
			}
		}
		for _, r := range t.Spec.ManagedResources {
			if key := KeyOf(r); !seen[key] {
				seen[key] = true
				entries = append(entries, Entry{ManagedResource: r, Revision: t.Labels[v1beta1.LabelAppRevision], Stepped: stepped[r.Component]})
			}
		}
	}
	return entries
}

// Former is the object as the last good version has it, for one that somebody deleted while current is being released in
// steps: it comes back as that, so that nobody gets more of current than was approved. Nil when there is no such version,
// or when it has no such object.
func Former(app string, current *v1beta1.ApplicationRevision, revisions []v1beta1.ApplicationRevision, trackers []v1beta1.ResourceTracker, key Key) *v1beta1.ManagedResource {
	good := RollbackTarget(app, revisions)
	if good == nil || good.Name == current.Name {
		return nil
	}
	for i := range trackers {
		if !TrackerOf(&trackers[i], good) {
			continue
		}
		for j := range trackers[i].Spec.ManagedResources {
			if m := &trackers[i].Spec.ManagedResources[j]; KeyOf(*m) == key {
				return m
			}
		}
	}
	return nil
}
