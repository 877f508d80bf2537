// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/traffic"
)

// Observe implements traffic.Router. What the edge serves it tells by its plan; of other gateways the route's status says
// whether they took it, and a wait stands for the rest.
func (Router) Observe(t traffic.Target, live traffic.Objects, seen traffic.Seen) traffic.State {
	s := traffic.ObserveServices(t, live)
	s.Problem = missing(t, live)
	n := namesOf(t, nil)
	var rules []rule
	if live.Route != nil {
		rules = n.read(rulesOf(live.Route))
		written(&s, t, live, rules)
	}
	asked := slices.ContainsFunc(seen.Replicas, func(r traffic.Replica) bool { return r.Route != nil })
	switch {
	case seen.Ack != traffic.AckKnown:
		s.Ack = seen.Ack
	case asked:
		s.Ack = traffic.AckKnown
		serve(&s, n, live.Route, rules, seen.Replicas)
	default:
		s.Ack = traffic.AckNone // the edge's replicas do not know it: it is of another gateway
	}
	if live.Route != nil {
		status(&s, live.Route, asked)
	}
	return s
}

// written adds what is written. Where somebody changed the shape of what a release made, it is what is remembered, and the
// next write repairs it at once.
func written(s *traffic.State, t traffic.Target, live traffic.Objects, rules []rule) {
	m, remembers := memos(live.Route)[t.Service]
	if remembers && m.Rollout != t.Rollout || !remembers && !ours(t, live) {
		return
	}
	groups, alike := 0, true
	var first group
	for _, r := range rules {
		for _, g := range r.groups {
			if groups == 0 {
				first = g
			}
			groups++
			alike = alike && g.intact() && g.switched == first.switched && g.percent() == first.percent()
		}
	}
	if !remembers && (groups == 0 || !alike) {
		return
	}
	s.Canary, s.Switched, s.Weight, s.Matches, s.Modifier = true, m.Switched, m.Weight, m.Matches, m.Modifier
	if groups > 0 && alike {
		s.Switched, s.Weight = first.switched, first.percent()
	}
}

// ours says that a Service of a version is there and was made for this Rollout.
func ours(t traffic.Target, live traffic.Objects) bool {
	return live.Stable != nil && live.Stable.Labels[rollouts.LabelRolloutName] == t.Rollout ||
		live.Canary != nil && live.Canary.Labels[rollouts.LabelRolloutName] == t.Rollout
}

// serve adds what is true of every replica of the edge.
func serve(s *traffic.State, n names, route *unstructured.Unstructured, rules []rule, replicas []traffic.Replica) {
	want := sharesOf(n.namespace, rules)
	three := n.led(want).three
	s.CanaryServed, s.SwitchServed, s.MatchesServed, s.RouteRefused = true, true, true, true
	s.StableDrained, s.CanaryDrained, s.WeightLow = true, true, 100
	s.StableSeen, s.CanarySeen = replicas[0].Stable.Ready, replicas[0].Canary.Ready
	for _, r := range replicas {
		is := n.serves(route, want, r.Route)
		s.SwitchServed = s.SwitchServed && is.current
		s.CanaryServed = s.CanaryServed && is.current && (!s.Canary || three)
		s.MatchesServed = s.MatchesServed && (is.current && is.newest || len(s.Matches) == 0 && !is.matches)
		s.RouteRefused = s.RouteRefused && is.newest && !r.Route.Accepted
		s.AnyMatches = s.AnyMatches || is.matches
		s.WeightLow, s.WeightHigh = min(s.WeightLow, is.low), max(s.WeightHigh, is.high)
		s.StableDrained, s.CanaryDrained = s.StableDrained && r.Stable.Drained, s.CanaryDrained && r.Canary.Drained
		s.StableSeen, s.CanarySeen = min(s.StableSeen, r.Stable.Ready), min(s.CanarySeen, r.Canary.Ready)
		if r.Route != nil && !r.Route.Accepted && len(r.Route.Problems) > 0 {
			add(s, strings.Join(r.Route.Problems, "; "))
		}
	}
	s.CanaryRefused = s.RouteRefused
}

// replica is what one replica serves of a route.
type replica struct {
	leads
	// newest says that it has the route as it is, or newer; current that it serves what is written, which an older one may say too.
	newest, current bool
}

func (n names) serves(route *unstructured.Unstructured, want [][]traffic.Share, served *traffic.Served) replica {
	r := replica{newest: asNew(route, served)}
	if served == nil {
		r.current = route == nil
		return r
	}
	if served.Accepted {
		r.leads = n.led(served.Shares)
	}
	same := r.newest || sameObject(route, served) && slices.EqualFunc(want, served.Shares, slices.Equal[[]traffic.Share])
	r.current = same && served.Accepted
	return r
}

func add(s *traffic.State, sentence string) {
	if !slices.Contains(s.Rejected, sentence) {
		s.Rejected = append(s.Rejected, sentence)
	}
}

// leads is where the rules of a route lead.
type leads struct {
	// low and high are the least and the greatest percentage of a rule that the new version gets beside its own rules.
	low, high int32
	// three says that each rule to the Service has the backends of both versions.
	three bool
	// matches says that a rule leads to the new version alone.
	matches bool
}

// led reads where rules lead, from their backends alone.
func (n names) led(rules [][]traffic.Share) leads {
	is, first := leads{three: true}, true
	for _, rule := range rules {
		weights, has := map[string]int64{}, map[string]bool{}
		for _, b := range rule {
			weights[b.Service] += int64(b.Weight)
			has[b.Service] = true
		}
		user, stable, canary := n.namespace+"/"+n.user, n.namespace+"/"+n.stable, n.namespace+"/"+n.canary
		total := weights[user] + weights[stable] + weights[canary]
		switch {
		case total == 0:
		case !has[user] && !has[stable]:
			is.matches = is.matches || weights[canary] > 0
		default:
			is.three = is.three && has[stable] && has[canary]
			low, high := 100*weights[canary]/total, (100*weights[canary]+total-1)/total
			if first {
				is.low, is.high, first = int32(low), int32(high), false
			}
			is.low, is.high = min(is.low, int32(low)), max(is.high, int32(high))
		}
	}
	return is
}

// sharesOf gives the backends of rules as a plan tells them.
func sharesOf(namespace string, rules []rule) [][]traffic.Share {
	var all [][]traffic.Share
	for _, r := range rules {
		var shares []traffic.Share
		for _, ref := range r.refs {
			b := traffic.Share{Weight: int32(weight(ref))}
			if service(ref) {
				b.Service = cmp.Or(text(ref, "namespace"), namespace) + "/" + text(ref, "name")
			}
			shares = append(shares, b)
		}
		all = append(all, shares)
	}
	return all
}

func sameObject(route *unstructured.Unstructured, served *traffic.Served) bool {
	return route != nil && served != nil && served.UID == string(route.GetUID())
}

// asNew says that a replica has the route as it is, or newer than is known here.
func asNew(route *unstructured.Unstructured, served *traffic.Served) bool {
	if !sameObject(route, served) {
		return false
	}
	order, err := resourceversion.CompareResourceVersion(served.ResourceVersion, route.GetResourceVersion())
	if err != nil {
		return served.ResourceVersion == route.GetResourceVersion()
	}
	return order >= 0
}
