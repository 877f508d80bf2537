// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package ingress_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	core "github.com/vela-rollouts/vela/api/core/v1beta1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/ingress"
)

func TestNamesOfCanaryIngresses(t *testing.T) {
	long := strings.Repeat("a", 40)
	of := func(rollout, service string) *networkingv1.Ingress {
		i := &networkingv1.Ingress{}
		i.Labels = map[string]string{rollouts.LabelRolloutName: rollout}
		i.Spec.DefaultBackend = &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: service + "-canary"}}
		return i
	}
	foreign := &networkingv1.Ingress{}
	cart := traffic.Target{Rollout: "cart", Service: "cart", Route: "web"}
	for name, c := range map[string]struct {
		target traffic.Target
		is     map[string]*networkingv1.Ingress
		taken  []string
		want   string
	}{
		"the first takes the name that people know":        {cart, nil, nil, "web-canary"},
		"the second one for its Service":                   {cart, map[string]*networkingv1.Ingress{"web-canary": of("shop", "shop")}, nil, "web-canary-cart"},
		"each keeps its own while it has one":              {cart, map[string]*networkingv1.Ingress{"web-canary": of("cart", "cart"), "web-canary-cart": of("shop", "cart")}, nil, "web-canary"},
		"also when the name that people know is free":      {cart, map[string]*networkingv1.Ingress{"web-canary-cart": of("cart", "cart")}, nil, "web-canary-cart"},
		"two Services of one Rollout have two":             {cart, map[string]*networkingv1.Ingress{"web-canary": of("cart", "shop")}, nil, "web-canary-cart"},
		"also before there is any":                         {cart, nil, []string{"web-canary"}, "web-canary-cart"},
		"one that is nobody's release is in the way":       {cart, map[string]*networkingv1.Ingress{"web-canary": foreign}, nil, "web-canary"},
		"a name has 63 characters at most":                 {traffic.Target{Rollout: "r", Service: long, Route: "web"}, map[string]*networkingv1.Ingress{"web-canary": of("shop", "shop")}, nil, "web-canary-" + long},
		"where it would have more it is cut, and tells on": {traffic.Target{Rollout: "r", Service: long, Route: long}, map[string]*networkingv1.Ingress{long + "-canary": of("shop", "shop")}, nil, long + "-canary-aaaaaa-e74ca368"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ingress.Choose(c.target, c.is, c.taken)
			if got != c.want || len(got) > 63 {
				t.Errorf("%q (%d characters), want %q", got, len(got), c.want)
			}
		})
	}
}

// shop is a namespace with one Ingress and several releases on it, one for each Service.
type shop struct {
	user     *networkingv1.Ingress
	canaries map[string]*networkingv1.Ingress
	services map[string]*corev1.Service
}

func (s *shop) copy() *shop {
	out := &shop{user: s.user.DeepCopy(), canaries: map[string]*networkingv1.Ingress{}, services: map[string]*corev1.Service{}}
	for k, v := range s.canaries {
		out.canaries[k] = v.DeepCopy()
	}
	for k, v := range s.services {
		out.services[k] = v.DeepCopy()
	}
	return out
}

// routing is what the controller of a Rollout named as its Service reads.
func (s *shop) routing(service string) traffic.Routing {
	t := traffic.Target{Namespace: "default", Rollout: service, Service: service, Kind: traffic.KindIngress, Route: "web", At: "spec.strategy.canary.trafficRoutings[0]"}
	t.Canary = ingress.Choose(t, s.canaries, nil)
	live := traffic.Objects{Ingress: s.user, CanaryIngress: s.canaries[t.Canary],
		Service: s.services[service], Stable: s.services[service+"-stable"], Canary: s.services[service+"-canary"]}
	for _, name := range slices.Sorted(maps.Keys(s.canaries)) {
		if name != t.Canary {
			live.Others = append(live.Others, s.canaries[name])
		}
	}
	return traffic.Routing{Target: t, Live: live, Router: ingress.Router{}}
}

// apply makes one write, as the API server would: one about what has changed since fails.
func (s *shop) apply(w traffic.Write) error {
	switch {
	case w.Create != nil:
		return s.create(w)
	case w.Delete != nil:
		switch o := w.Delete.(type) {
		case *networkingv1.Ingress:
			delete(s.canaries, o.Name)
		case *corev1.Service:
			delete(s.services, o.Name)
			delete(s.services, strings.TrimSuffix(o.Name, "-stable")+"-canary")
		}
		return nil
	}
	switch o := w.Patch.Object.(type) {
	case *networkingv1.Ingress:
		if o.Name == "web" {
			return patched(s.user, w.Patch.Ops)
		}
		if s.canaries[o.Name] == nil {
			return fmt.Errorf("there is no Ingress %s", o.Name)
		}
		return patched(s.canaries[o.Name], w.Patch.Ops)
	case *corev1.Service:
		if s.services[o.Name] == nil {
			return fmt.Errorf("there is no Service %s", o.Name)
		}
		return patched(s.services[o.Name], w.Patch.Ops)
	}
	return fmt.Errorf("a patch of %T", w.Patch.Object)
}

func (s *shop) create(w traffic.Write) error {
	switch o := w.Create.DeepCopyObject().(type) {
	case *networkingv1.Ingress:
		if s.canaries[o.Name] != nil {
			return fmt.Errorf("the Ingress %s is there", o.Name)
		}
		s.canaries[o.Name] = o
	case *corev1.Service:
		if s.services[o.Name] != nil {
			return fmt.Errorf("the Service %s is there", o.Name)
		}
		if w.OwnedBy != "" && s.services[w.OwnedBy] == nil {
			return fmt.Errorf("its owner is gone, so it goes too")
		}
		if w.OwnedBy != "" {
			o.OwnerReferences = []metav1.OwnerReference{traffic.OwnerReference(s.services[w.OwnedBy])}
		}
		s.services[o.Name] = o
	}
	return nil
}

// patched makes a JSON patch of an object in place.
func patched(o any, ops []traffic.Op) error {
	text, err := json.Marshal(ops)
	if err != nil {
		return err
	}
	patch, err := jsonpatch.DecodePatch(text)
	if err != nil {
		return err
	}
	before, err := json.Marshal(o)
	if err != nil {
		return err
	}
	after, err := patch.Apply(before)
	if err != nil {
		return err
	}
	switch is := o.(type) {
	case *networkingv1.Ingress:
		*is = networkingv1.Ingress{}
	case *corev1.Service:
		*is = corev1.Service{}
	}
	return json.Unmarshal(after, o)
}

// settles plans and writes until nothing is left to write.
func (s *shop) settles(service string, want traffic.Intent) error {
	for range 10 {
		writes, err := traffic.Plan([]traffic.Routing{s.routing(service)}, want)
		if err != nil {
			return err
		}
		if len(writes) == 0 {
			return nil
		}
		for _, w := range writes {
			if err := s.apply(w); err != nil {
				return fmt.Errorf("%s: %w", w.What, err)
			}
		}
	}
	return fmt.Errorf("the release of %s does not come to rest", service)
}

// randomWeb is an Ingress that leads to shop and cart, each by several paths, and elsewhere.
func randomWeb(t *rapid.T) *networkingv1.Ingress {
	i := randomIngress(t)
	i.Name = "web"
	names := rapid.SampledFrom([]string{"shop", "cart", "other", "old-stable"})
	for r := range i.Spec.Rules {
		if i.Spec.Rules[r].HTTP == nil {
			continue
		}
		for p := range i.Spec.Rules[r].HTTP.Paths {
			if s := i.Spec.Rules[r].HTTP.Paths[p].Backend.Service; s != nil {
				s.Name = names.Draw(t, "leads to")
			}
		}
	}
	i.Spec.DefaultBackend.Service.Name = names.Draw(t, "leads by default to")
	for _, service := range []string{"shop", "cart"} {
		i.Spec.Rules = append(i.Spec.Rules, networkingv1.IngressRule{Host: service + ".example", IngressRuleValue: networkingv1.IngressRuleValue{
			HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{Path: "/" + service, Backend: networkingv1.IngressBackend{
				Service: &networkingv1.IngressServiceBackend{Name: service, Port: networkingv1.ServiceBackendPort{Number: 80}}}}}}}})
	}
	return i
}

// TestTwoReleasesOnOneIngressLeaveItAsItWas plays two Rollouts that name one Ingress, at the same time, each with a view that may be
// older than what the other one wrote, and each stopped after any write.
func TestTwoReleasesOnOneIngressLeaveItAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &shop{user: randomWeb(t), canaries: map[string]*networkingv1.Ingress{}, services: map[string]*corev1.Service{}}
		for _, name := range []string{"shop", "cart"} {
			s.services[name] = userService()
			s.services[name].Name = name
		}
		before := text(t, s.user)
		views := []*shop{s.copy()}
		for range rapid.IntRange(0, 12).Draw(t, "passes") {
			service := rapid.SampledFrom([]string{"shop", "cart"}).Draw(t, "whose")
			want := traffic.Intent{}
			if rapid.IntRange(0, 3).Draw(t, "goes on") > 0 {
				want = traffic.Intent{Canary: true, Services: true, Switched: rapid.Bool().Draw(t, "switched"), Weight: rapid.Int32Range(0, 100).Draw(t, "weight"), StableHash: "one", CanaryHash: "two"}
			}
			view := views[max(len(views)-1-rapid.IntRange(0, 2).Draw(t, "older"), 0)]
			writes, err := traffic.Plan([]traffic.Routing{view.routing(service)}, want)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range writes[:rapid.IntRange(0, len(writes)).Draw(t, "writes before it dies")] {
				if s.apply(w) != nil {
					break // somebody was faster; the next pass sees it
				}
				views = append(views, s.copy())
			}
			apart(t, s)
		}
		for _, service := range []string{"shop", "cart"} { // both have all their writes at least once with a view that is true
			if err := s.settles(service, traffic.Intent{Canary: true, Services: true, Switched: true, Weight: 50, StableHash: "one", CanaryHash: "two"}); err != nil {
				t.Fatal(err)
			}
		}
		apart(t, s)
		if len(s.canaries) != 2 {
			t.Fatalf("%d canary Ingresses for two releases: %v", len(s.canaries), slices.Sorted(maps.Keys(s.canaries)))
		}
		first, last := "shop", "cart"
		if rapid.Bool().Draw(t, "cart ends first") {
			first, last = last, first
		}
		if err := s.settles(first, traffic.Intent{}); err != nil {
			t.Fatal(err)
		}
		if held := s.user.Annotations[core.AnnotationHeldFields]; !strings.Contains(held, "spec.rules") {
			t.Fatalf("%s still leads the Ingress, and its fields are marked as %q", last, held)
		}
		if err := s.settles(last, traffic.Intent{}); err != nil {
			t.Fatal(err)
		}
		if after := text(t, s.user); before != after {
			t.Fatalf("the user's Ingress changed:\n%s", cmp.Diff(before, after))
		}
		if len(s.canaries) > 0 || len(s.services) != 2 {
			t.Fatal("something of ours is left behind")
		}
	})
}

// apart says that no host and path has two canaries: routers serve one and refuse the other.
func apart(t *rapid.T, s *shop) {
	of := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(s.canaries)) {
		for _, rule := range s.canaries[name].Spec.Rules {
			for i, p := range rule.HTTP.Paths {
				at := rule.Host + p.Path + " to " + p.Backend.Service.Name
				if other := of[at]; other != "" && other != name {
					t.Fatalf("path %d, %s, has the canaries %s and %s", i, at, other, name)
				}
				of[at] = name
			}
		}
	}
}
