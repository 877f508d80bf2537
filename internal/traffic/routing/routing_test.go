// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package routing

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vela-rollouts/vela/api/rollouts/v1alpha1"
)

func TestDecide(t *testing.T) {
	const own, ofCart, ofShop = v1alpha1.FinalizerTrafficRouting, v1alpha1.FinalizerProgressing + "cart", v1alpha1.FinalizerProgressing + "shop"
	const missing = "the Service shop named in spec.objectRef[0].service does not exist in namespace default; create it or correct the name"
	both := []string{"cart", "shop"}
	for name, c := range map[string]struct {
		seen       Observation
		finalizers []string
		phase      v1alpha1.TrafficRoutingPhase
		message    string
	}{
		"a new one is kept from going before its releases are over": {
			Observation{}, []string{own}, v1alpha1.TrafficRoutingHealthy, "TrafficRouting is Healthy"},
		"what is missing is told in the words of the field": {
			Observation{Finalizers: []string{own}, Problem: missing}, []string{own}, v1alpha1.TrafficRoutingInitial, "TrafficRouting is Initializing: " + missing},
		"one release makes it active": {
			Observation{Finalizers: []string{own, ofShop}, Rollouts: both}, []string{own, ofShop}, v1alpha1.TrafficRoutingProgressing,
			"TrafficRouting is Progressing: the release of shop uses it"},
		"it stays so while any of two goes on": {
			Observation{Finalizers: []string{ofShop, own, ofCart}, Rollouts: both, Led: true}, []string{ofShop, own, ofCart}, v1alpha1.TrafficRoutingProgressing,
			"TrafficRouting is Progressing: the releases of cart, shop use it"},
		"what goes missing meanwhile is told too": {
			Observation{Finalizers: []string{own, ofShop}, Rollouts: both, Problem: missing}, []string{own, ofShop}, v1alpha1.TrafficRoutingProgressing,
			"TrafficRouting is Progressing: the release of shop uses it; " + missing},
		"the mark of a Rollout that is no more is taken off": {
			Observation{Finalizers: []string{own, ofShop}}, []string{own}, v1alpha1.TrafficRoutingHealthy, "TrafficRouting is Healthy"},
		"without a release it is not done before the routes are as they were": {
			Observation{Finalizers: []string{own}, Led: true}, []string{own}, v1alpha1.TrafficRoutingFinalizing, "TrafficRouting is Finalizing"},
		"deleted in the middle it stays until the end": {
			Observation{Deleting: true, Finalizers: []string{own, ofShop}, Rollouts: both, Led: true}, []string{own, ofShop}, v1alpha1.TrafficRoutingTerminating,
			"TrafficRouting is Terminating: it goes when the release of shop is over"},
		"deleted without a release it goes": {
			Observation{Deleting: true, Finalizers: []string{own}, Rollouts: both}, []string{}, v1alpha1.TrafficRoutingTerminating, "TrafficRouting is Terminating"},
		"deleted with the mark of a Rollout that is no more it goes too": {
			Observation{Deleting: true, Finalizers: []string{ofShop, own}}, []string{}, v1alpha1.TrafficRoutingTerminating, "TrafficRouting is Terminating"},
		"the finalizers of others are left alone": {
			Observation{Deleting: true, Finalizers: []string{"a.example/b", own}}, []string{"a.example/b"}, v1alpha1.TrafficRoutingTerminating, "TrafficRouting is Terminating"},
	} {
		t.Run(name, func(t *testing.T) {
			c.seen.Generation = 7
			d := Decide(c.seen)
			if diff := cmp.Diff(c.finalizers, d.Finalizers); diff != "" {
				t.Errorf("finalizers (-want +got):\n%s", diff)
			}
			if want := (v1alpha1.TrafficRoutingStatus{ObservedGeneration: 7, Phase: c.phase, Message: c.message}); d.Status != want {
				t.Errorf("status %+v, want %+v", d.Status, want)
			}
			again := c.seen
			again.Finalizers = d.Finalizers
			if diff := cmp.Diff(d, Decide(again)); diff != "" {
				t.Errorf("it does not come to rest (-first +second):\n%s", diff)
			}
		})
	}
}
