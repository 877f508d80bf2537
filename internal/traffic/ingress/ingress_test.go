// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package ingress_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/ingress"
)

var update = flag.Bool("update", false, "write the goldens instead of comparing with them")

// demo is what every case is about.
func demo() traffic.Target {
	return traffic.Target{Namespace: "default", Rollout: "demo", Service: "demo", Kind: traffic.KindIngress, Route: "demo", Canary: "demo-canary", At: "spec.strategy.canary.trafficRoutings[0]"}
}

// cluster holds the objects that a Router reads, and makes the writes that it plans.
type cluster struct{ traffic.Objects }

// apply makes one write, as the API server would.
func (c *cluster) apply(w traffic.Write) error {
	switch {
	case w.Create != nil:
		c.put(w.Create.DeepCopyObject(), w.OwnedBy != "")
	case w.Delete != nil:
		if _, is := w.Delete.(*networkingv1.Ingress); is {
			c.CanaryIngress = nil
			return nil
		}
		c.Stable, c.Canary = nil, nil // that of the new version goes with its owner
	case w.Patch != nil:
		return c.patch(w.Patch)
	}
	return nil
}

func (c *cluster) put(object any, owned bool) {
	switch o := object.(type) {
	case *networkingv1.Ingress:
		o.UID = "uid-canary"
		c.CanaryIngress = o
	case *corev1.Service:
		if owned {
			o.OwnerReferences = []metav1.OwnerReference{traffic.OwnerReference(c.Stable)}
		}
		if o.Name == "demo-stable" {
			o.UID = "uid-stable"
			c.Stable = o
			return
		}
		c.Canary = o
	}
}

func (c *cluster) patch(p *traffic.Patch) error {
	text, err := json.Marshal(p.Ops)
	if err != nil {
		return err
	}
	ops, err := jsonpatch.DecodePatch(text)
	if err != nil {
		return err
	}
	before, err := json.Marshal(p.Object)
	if err != nil {
		return err
	}
	after, err := ops.Apply(before)
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	switch is := p.Object.(type) {
	case *networkingv1.Ingress:
		next := &networkingv1.Ingress{}
		if err := json.Unmarshal(after, next); err != nil {
			return err
		}
		if is.Name == "demo" {
			c.Ingress = next
			return nil
		}
		c.CanaryIngress = next
	case *corev1.Service:
		next := &corev1.Service{}
		if err := json.Unmarshal(after, next); err != nil {
			return err
		}
		if is.Name == "demo-stable" {
			c.Stable = next
			return nil
		}
		c.Canary = next
	}
	return nil
}

// reach makes writes until there are none, and returns them.
func (c *cluster) reach(want traffic.Intent) ([]traffic.Write, error) {
	var all []traffic.Write
	for range 5 {
		writes, err := traffic.Plan([]traffic.Routing{{Target: demo(), Live: c.Objects, Router: ingress.Router{}}}, want)
		if err != nil {
			return nil, err
		}
		if len(writes) == 0 {
			return all, nil
		}
		for _, w := range writes {
			if err := c.apply(w); err != nil {
				return nil, fmt.Errorf("%s: %w", w.What, err)
			}
		}
		all = append(all, writes...)
	}
	return nil, fmt.Errorf("there is still something to write after five passes")
}

// parse reads a case: an intent, then objects.
func parse(text string) (*cluster, traffic.Intent, error) {
	c, want := &cluster{}, traffic.Intent{}
	for i, doc := range strings.Split(text, "\n---\n") {
		if i == 0 {
			if err := yaml.UnmarshalStrict([]byte(doc), &want); err != nil {
				return nil, want, err
			}
			continue
		}
		kind := metav1.TypeMeta{}
		if err := yaml.Unmarshal([]byte(doc), &kind); err != nil {
			return nil, want, err
		}
		if kind.Kind == "Service" {
			s := &corev1.Service{}
			if err := yaml.UnmarshalStrict([]byte(doc), s); err != nil {
				return nil, want, err
			}
			switch s.Name {
			case "demo":
				c.Service = s
			case "demo-stable":
				c.Stable = s
			default:
				c.Canary = s
			}
			continue
		}
		o := &networkingv1.Ingress{}
		if err := yaml.UnmarshalStrict([]byte(doc), o); err != nil {
			return nil, want, err
		}
		if o.Name == "demo" {
			c.Ingress = o
			continue
		}
		c.CanaryIngress = o
	}
	return c, want, nil
}

// A new case is two files: testdata/<sentence>.in.yaml, and .out.yaml as `go test -update` writes it.
func TestPlanGoldens(t *testing.T) {
	inputs, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no goldens found: %v", err)
	}
	for _, in := range inputs {
		t.Run(strings.TrimSuffix(filepath.Base(in), ".in.yaml"), func(t *testing.T) {
			data, err := os.ReadFile(in)
			if err != nil {
				t.Fatal(err)
			}
			c, want, err := parse(string(data))
			if err != nil {
				t.Fatal(err)
			}
			writes, err := c.reach(want)
			got := describe(t, c, writes, err)
			out := strings.TrimSuffix(in, ".in.yaml") + ".out.yaml"
			if *update {
				if err := os.WriteFile(out, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			golden, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(golden), got); diff != "" {
				t.Errorf("the plan changed (-want +got); run with -update and read the difference:\n%s", diff)
			}
		})
	}
}

// describe gives the writes in a few words and the objects after them.
func describe(t *testing.T, c *cluster, writes []traffic.Write, refused error) string {
	t.Helper()
	var b strings.Builder
	for _, w := range writes {
		fmt.Fprintf(&b, "# %s\n", w.What)
	}
	if refused != nil {
		fmt.Fprintf(&b, "# refused: %v\n", refused)
		return b.String()
	}
	if len(writes) == 0 {
		b.WriteString("# nothing to write\n")
	}
	show := func(object any) {
		text, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		// Status is the server's.
		fmt.Fprintf(&b, "---\n%s", strings.TrimSuffix(strings.TrimSuffix(string(text), "status:\n  loadBalancer: {}\n"), "status: {}\n"))
	}
	for _, i := range []*networkingv1.Ingress{c.Ingress, c.CanaryIngress} {
		if i != nil {
			show(i)
		}
	}
	for _, s := range []*corev1.Service{c.Canary, c.Stable} {
		if s != nil {
			show(s)
		}
	}
	return b.String()
}

// TestWhatIsForeignIsAsBefore is P6 of the design: after a release, or one taken back, or one left at any point, the user's
// Ingress is what it was, byte for byte.
func TestWhatIsForeignIsAsBefore(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := &cluster{traffic.Objects{Service: userService(), Ingress: randomIngress(t)}}
		before := text(t, c.Ingress)
		steps := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) traffic.Intent {
			return traffic.Intent{
				Canary: true, Services: true, Switched: rapid.Bool().Draw(t, "switched"), Weight: rapid.Int32Range(0, 100).Draw(t, "weight"),
				StableHash: "one", CanaryHash: rapid.SampledFrom([]string{"two", "three"}).Draw(t, "canary"),
				Matches: rapid.SampledFrom(someMatches()).Draw(t, "matches"),
			}
		}), 0, 6).Draw(t, "steps")
		for _, want := range steps {
			if _, err := c.reach(want); err != nil {
				t.Fatalf("%+v: %v", want, err)
			}
			state := ingress.Router{}.Observe(demo(), c.Objects, traffic.Seen{})
			if !state.Canary || !state.Services || state.Switched != want.Switched || state.Weight != want.Weight ||
				state.CanaryHash != want.CanaryHash || !cmp.Equal(state.Matches, want.Matches) {
				t.Fatalf("asked for %+v, observed %+v", want, state)
			}
		}
		if len(steps) > 0 && rapid.Bool().Draw(t, "canary route first") {
			if _, err := c.reach(traffic.Intent{Services: true}); err != nil {
				t.Fatal(err)
			}
			if state := (ingress.Router{}).Observe(demo(), c.Objects, traffic.Seen{}); state.Canary || !state.AnyService || c.Canary == nil {
				t.Fatalf("the Services were to stay without the canary route: %+v", state)
			}
		}
		if _, err := c.reach(traffic.Intent{}); err != nil {
			t.Fatal(err)
		}
		if after := text(t, c.Ingress); before != after {
			t.Fatalf("the user's Ingress changed:\n%s", cmp.Diff(before, after))
		}
		if c.CanaryIngress != nil || c.Stable != nil || c.Canary != nil {
			t.Fatal("something of ours is left behind")
		}
	})
}

// someMatches are matches as they are read back: the default type is not said.
func someMatches() [][]rollouts.HTTPRouteMatch {
	pattern := gatewayv1.HeaderMatchRegularExpression
	one := func(h gatewayv1.HTTPHeaderMatch) rollouts.HTTPRouteMatch {
		return rollouts.HTTPRouteMatch{Headers: []gatewayv1.HTTPHeaderMatch{h}}
	}
	exact := one(gatewayv1.HTTPHeaderMatch{Name: "X-Beta", Value: "me"})
	regular := one(gatewayv1.HTTPHeaderMatch{Name: "User-Agent", Value: "^curl", Type: &pattern})
	cookie := one(gatewayv1.HTTPHeaderMatch{Name: ingress.CookieHeader, Value: "beta"})
	return [][]rollouts.HTTPRouteMatch{nil, {exact}, {regular}, {cookie}, {exact, cookie}, {regular, cookie}}
}

func text(t *rapid.T, i *networkingv1.Ingress) string {
	raw, err := json.Marshal(i)
	if err != nil {
		t.Fatal(err)
	}
	// The API server stores no empty map of annotations.
	return strings.ReplaceAll(string(raw), `,"annotations":{}`, "")
}

func userService() *corev1.Service {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "demo"},
		Spec: corev1.ServiceSpec{Selector: map[string]string{"app": "demo"}, Ports: []corev1.ServicePort{{Name: "http", Port: 80}}}}
}

// randomIngress leads at least one path to the released Service, and others elsewhere.
func randomIngress(t *rapid.T) *networkingv1.Ingress {
	backend := func(name string) networkingv1.IngressBackend {
		if name == "" {
			return networkingv1.IngressBackend{Resource: &corev1.TypedLocalObjectReference{Kind: "Bucket", Name: "assets"}}
		}
		return networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: name, Port: networkingv1.ServiceBackendPort{Name: "http"}}}
	}
	i := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "demo", UID: types.UID("u")}}
	i.Annotations = rapid.MapOfN(rapid.SampledFrom([]string{"team", "nginx.ingress.kubernetes.io/rewrite-target", "a~b/c"}), rapid.StringMatching("[a-z/]{0,5}"), 0, 3).Draw(t, "annotations")
	if len(i.Annotations) == 0 {
		i.Annotations = nil
	}
	others := rapid.SampledFrom([]string{"demo", "other", ""})
	for r := range rapid.IntRange(0, 3).Draw(t, "rules") {
		rule := networkingv1.IngressRule{Host: fmt.Sprintf("h%d.example", r)}
		if rapid.Bool().Draw(t, "has paths") {
			rule.HTTP = &networkingv1.HTTPIngressRuleValue{}
			for p := range rapid.IntRange(1, 3).Draw(t, "paths") {
				rule.HTTP.Paths = append(rule.HTTP.Paths, networkingv1.HTTPIngressPath{Path: fmt.Sprintf("/%d", p), Backend: backend(others.Draw(t, "backend"))})
			}
		}
		i.Spec.Rules = append(i.Spec.Rules, rule)
	}
	b := backend("demo")
	i.Spec.DefaultBackend = &b
	return i
}

func TestAcknowledgementNeedsEveryReplica(t *testing.T) {
	live := traffic.Objects{Service: userService(),
		Ingress:       &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Name: "demo", UID: "u", ResourceVersion: "100"}},
		CanaryIngress: &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Name: "demo-canary", UID: "c", Labels: map[string]string{"rollouts.kruise.io/rollout-name": "demo"}}},
	}
	served := func(rv string, percent int32) traffic.Replica {
		return traffic.Replica{
			Route:       &traffic.Served{UID: "u", ResourceVersion: rv, Accepted: true},
			CanaryRoute: &traffic.Served{UID: "c", ResourceVersion: "99", Accepted: true, Percent: percent},
			Stable:      traffic.Use{Ready: 4}, Canary: traffic.Use{Ready: 1, Drained: percent == 0},
		}
	}
	ruled := func(rules map[string]string) traffic.Replica {
		r := served("100", 0)
		r.CanaryRoute.Rules = rules
		return r
	}
	beta := map[string]string{"canary-by-header": "X-Beta", "canary-by-header-value": "me"}
	live.CanaryIngress.Annotations = map[string]string{}
	for k, v := range beta {
		live.CanaryIngress.Annotations["nginx.ingress.kubernetes.io/"+k] = v
	}
	for name, c := range map[string]struct {
		replicas []traffic.Replica
		check    func(traffic.State) bool
	}{
		"matches are served when every replica has them":        {[]traffic.Replica{ruled(beta), ruled(beta)}, func(s traffic.State) bool { return s.MatchesServed && s.AnyMatches }},
		"a replica without them is late":                        {[]traffic.Replica{ruled(beta), ruled(nil)}, func(s traffic.State) bool { return !s.MatchesServed && s.AnyMatches }},
		"so is one with those of before":                        {[]traffic.Replica{ruled(map[string]string{"canary-by-cookie": "b"})}, func(s traffic.State) bool { return !s.MatchesServed && s.AnyMatches }},
		"two replicas at different weights bound it":            {[]traffic.Replica{served("100", 0), served("100", 20)}, func(s traffic.State) bool { return s.WeightLow == 0 && s.WeightHigh == 20 && !s.CanaryDrained }},
		"an older version of the user's Ingress does not count": {[]traffic.Replica{served("100", 20), served("99", 20)}, func(s traffic.State) bool { return !s.SwitchServed }},
		"a newer one does":                                      {[]traffic.Replica{served("101", 20)}, func(s traffic.State) bool { return s.SwitchServed }},
		"resource versions are numbers, not text":               {[]traffic.Replica{served("1000", 20)}, func(s traffic.State) bool { return s.SwitchServed }},
		"a canary that is not accepted gets nothing": {[]traffic.Replica{{
			Route: &traffic.Served{UID: "u", ResourceVersion: "100", Accepted: true}, CanaryRoute: &traffic.Served{UID: "c", Percent: 20, Problems: []string{"no stable Ingress"}},
		}}, func(s traffic.State) bool { return !s.CanaryServed && s.WeightHigh == 0 && len(s.Rejected) == 1 }},
		"a canary of the same name from before is another": {[]traffic.Replica{{
			Route: &traffic.Served{UID: "u", ResourceVersion: "100", Accepted: true}, CanaryRoute: &traffic.Served{UID: "old", Accepted: true, Percent: 20},
		}}, func(s traffic.State) bool { return !s.CanaryServed && s.WeightHigh == 20 }},
		"replicas of another class can't tell": {[]traffic.Replica{{}}, func(s traffic.State) bool { return s.Ack == traffic.AckNone }},
	} {
		t.Run(name, func(t *testing.T) {
			if s := (ingress.Router{}).Observe(demo(), live, traffic.Seen{Ack: traffic.AckKnown, Replicas: c.replicas}); !c.check(s) {
				t.Errorf("observed %+v", s)
			}
		})
	}
}
