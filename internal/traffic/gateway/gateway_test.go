// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/traffic"
	"github.com/vela-rollouts/vela/internal/traffic/gateway"
)

var update = flag.Bool("update", false, "write the goldens instead of comparing with them")

// target is a route of a Service, by a Rollout that has the Service's name.
func target(kind traffic.Kind, service string) traffic.Target {
	return traffic.Target{Namespace: "default", Rollout: service, Service: service, Kind: kind, Route: "shop", At: "spec.strategy.canary.trafficRoutings[0]"}
}

// cluster is a route and the Services, as the API server stores them. Every write is applied to what is there.
type cluster struct {
	route    *unstructured.Unstructured
	services map[string]*corev1.Service
}

func (c *cluster) routing(t traffic.Target) traffic.Routing {
	live := traffic.Objects{Route: c.route, Service: c.services[t.Service]}
	live.Stable, live.Canary = c.services[traffic.StableService(t.Service)], c.services[traffic.CanaryService(t.Service)]
	return traffic.Routing{Target: t, Live: live, Router: gateway.Router{}}
}

// apply makes one write, as the API server would.
func (c *cluster) apply(w traffic.Write) error {
	switch {
	case w.Create != nil:
		s, is := w.Create.DeepCopyObject().(*corev1.Service)
		if !is {
			return fmt.Errorf("%T is created", w.Create)
		}
		s.UID = types.UID("uid-" + s.Name)
		if w.OwnedBy != "" {
			s.OwnerReferences = []metav1.OwnerReference{traffic.OwnerReference(c.services[w.OwnedBy])}
		}
		c.services[s.Name] = s
	case w.Delete != nil:
		s, is := w.Delete.(*corev1.Service)
		if !is {
			return fmt.Errorf("%T is deleted", w.Delete)
		}
		delete(c.services, s.Name)
		delete(c.services, strings.TrimSuffix(s.Name, "-stable")+"-canary") // goes with its owner
	case w.Patch != nil:
		return c.patch(w.Patch)
	}
	return nil
}

func (c *cluster) patch(p *traffic.Patch) error {
	var stored any = c.route
	if s, is := p.Object.(*corev1.Service); is {
		stored = c.services[s.Name]
	}
	text, err := json.Marshal(p.Ops)
	if err != nil {
		return err
	}
	ops, err := jsonpatch.DecodePatch(text)
	if err != nil {
		return err
	}
	before, err := json.Marshal(stored)
	if err != nil {
		return err
	}
	after, err := ops.Apply(before)
	if err != nil {
		return fmt.Errorf("%s: %w", text, err)
	}
	if s, is := p.Object.(*corev1.Service); is {
		c.services[s.Name] = &corev1.Service{}
		return json.Unmarshal(after, c.services[s.Name])
	}
	next := &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(after, &next.Object); err != nil {
		return err
	}
	if len(next.GetAnnotations()) == 0 {
		next.SetAnnotations(nil) // the API server stores no empty map of annotations
	}
	c.route = next
	return nil
}

// reach makes writes until there are none, and returns them.
func (c *cluster) reach(t traffic.Target, want traffic.Intent) ([]traffic.Write, error) {
	var all []traffic.Write
	for range 5 {
		writes, err := traffic.Plan([]traffic.Routing{c.routing(t)}, want)
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

// parse reads a case: what is asked for, then objects.
func parse(text string) (*cluster, question, error) {
	c, q := &cluster{services: map[string]*corev1.Service{}}, question{Service: "demo"}
	for i, doc := range strings.Split(text, "\n---\n") {
		if i == 0 {
			if err := yaml.UnmarshalStrict([]byte(doc), &q); err != nil {
				return nil, q, err
			}
			continue
		}
		o := &unstructured.Unstructured{}
		raw, err := yaml.YAMLToJSON([]byte(doc))
		if err != nil {
			return nil, q, err
		}
		if err := utiljson.Unmarshal(raw, &o.Object); err != nil {
			return nil, q, err
		}
		if o.GetKind() == "Service" {
			s := &corev1.Service{}
			if err := json.Unmarshal(raw, s); err != nil {
				return nil, q, err
			}
			c.services[s.Name] = s
			continue
		}
		c.route = o
	}
	return c, q, nil
}

// question is the first document of a case: intents that are reached one after the other, and what happens before the last.
type question struct {
	Service string
	Steps   []traffic.Intent
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
			c, q, err := parse(string(data))
			if err != nil {
				t.Fatal(err)
			}
			kind := traffic.KindHTTPRoute
			if c.route != nil {
				kind = traffic.Kind(c.route.GetKind())
			}
			var got strings.Builder
			for _, want := range q.Steps {
				me := target(kind, q.Service)
				if len(want.Matches) > 0 {
					me.Matches = [][]rollouts.HTTPRouteMatch{want.Matches}
				}
				if problem := (gateway.Router{}).Observe(me, c.routing(me).Live, traffic.Seen{}).Problem; problem != "" && want.Canary {
					got.WriteString(describe(t, c, nil, errors.New(problem)))
					continue
				}
				writes, err := c.reach(me, want)
				got.WriteString(describe(t, c, writes, err))
			}
			out := strings.TrimSuffix(in, ".in.yaml") + ".out.yaml"
			if *update {
				if err := os.WriteFile(out, []byte(got.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			golden, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(golden), got.String()); diff != "" {
				t.Errorf("the plan changed (-want +got); run with -update and read the difference:\n%s", diff)
			}
		})
	}
}

// describe gives the writes in a few words and the route after them.
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
	raw, err := yaml.Marshal(c.route.Object)
	if err != nil {
		t.Fatal(err)
	}
	var services []string
	for name := range c.services {
		services = append(services, name)
	}
	slices.Sort(services)
	fmt.Fprintf(&b, "%s# Services: %s\n---\n", raw, strings.Join(services, " "))
	return b.String()
}
