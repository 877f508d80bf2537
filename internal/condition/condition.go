// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package condition sets conditions so that they do not flap: the time of a transition moves only when the status does,
// and the order is the one in which the states are reached, whoever wrote first.
package condition

import (
	"cmp"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Set returns conditions with c in them, sorted by where their types stand in order; types that are not in order come
// last. Its argument is not touched.
func Set(conditions []metav1.Condition, order []string, c metav1.Condition, now time.Time) []metav1.Condition {
	next := slices.Clone(conditions)
	i := slices.IndexFunc(next, func(o metav1.Condition) bool { return o.Type == c.Type })
	c.LastTransitionTime = metav1.NewTime(now.UTC().Truncate(time.Second))
	if i < 0 {
		next = append(next, c)
	} else {
		if next[i].Status == c.Status {
			c.LastTransitionTime = next[i].LastTransitionTime
		}
		next[i] = c
	}
	place := func(t string) int {
		if i := slices.Index(order, t); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(next, func(a, b metav1.Condition) int { return cmp.Compare(place(a.Type), place(b.Type)) })
	return next
}

// Drop returns conditions without those types.
func Drop(conditions []metav1.Condition, types ...string) []metav1.Condition {
	return slices.DeleteFunc(slices.Clone(conditions), func(c metav1.Condition) bool { return slices.Contains(types, c.Type) })
}
