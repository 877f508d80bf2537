// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"maps"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

const recallInput = `apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {namespace: demo, name: web}
spec:
  ingressClassName: nginx
  rules:
  - host: demo.example
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
---
apiVersion: v1
kind: Service
metadata: {namespace: demo, name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {namespace: demo, name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [10.0.0.1]}]
`

func TestADeletedServiceKeepsItsEndpointsUntilItIsBack(t *testing.T) {
	whole, err := parse([]byte(recallInput))
	if err != nil {
		t.Fatal(err)
	}
	began := time.Unix(1700000000, 0)
	recall := NewRecall()
	build := func(after time.Duration, change func(*Input)) *Table {
		in := whole
		in.Recall, in.Now = recall, began.Add(after)
		if change != nil {
			change(&in)
		}
		return Build(in)
	}
	noService := func(in *Input) { in.Services = nil }
	nothing := func(in *Input) { in.Services, in.Slices = nil, nil }
	noSlices := func(in *Input) { in.Slices = nil }
	emptied := func(in *Input) {
		empty := in.Slices[0].DeepCopy()
		empty.Endpoints = nil
		in.Slices = []*discoveryv1.EndpointSlice{empty}
	}
	another := func(in *Input) {
		other := in.Services[0].DeepCopy()
		other.Spec.Selector = map[string]string{"app": "another"}
		in.Services, in.Slices = []*corev1.Service{other}, nil
	}
	noRoute := func(in *Input) { in.Ingresses = nil }
	for _, c := range []struct {
		what   string
		after  time.Duration
		change func(*Input)
		want   int // endpoints
		told   bool
	}{
		{"all is there", 0, nil, 1, false},
		{"the Service was deleted", time.Second, noService, 1, false},
		{"its slices follow", 2 * time.Second, nothing, 1, false},
		{"the Service is back, its slices are not", 3 * time.Second, noSlices, 1, false},
		{"all is back", 4 * time.Second, nil, 1, false},
		{"it goes again: the time counts from here", 5 * time.Second, nothing, 1, false},
		{"and does not come back", 10 * time.Second, nothing, 0, true},
		{"it is back", 11 * time.Second, nil, 1, false},
		{"its pods are gone: that is no absence", 12 * time.Second, emptied, 0, false},
		{"they are back", 13 * time.Second, nil, 1, false},
		{"another Service of the name comes: its pods are other ones", 14 * time.Second, another, 0, false},
		{"it is as before", 15 * time.Second, nil, 1, false},
		{"no route leads there, so it is forgotten", 16 * time.Second, noRoute, -1, false},
		{"a route leads to what is deleted", 17 * time.Second, nothing, 0, true},
	} {
		got := build(c.after, c.change)
		pools := slices.Collect(maps.Values(got.Pools))
		have := 0
		if len(pools) == 1 {
			have = len(pools[0].Members)
		}
		if c.want >= 0 && have != c.want {
			t.Errorf("%s: %d endpoints, want %d", c.what, have, c.want)
		}
		if problems := got.Sources["demo/web"].Problems; (len(problems) > 0) != c.told {
			t.Errorf("%s: problems are %q", c.what, problems)
		}
	}
	if again := build(18*time.Second, nil).Expires; !again.IsZero() {
		t.Errorf("all is there, and the table expires at %s", again)
	}
	gone := build(19*time.Second, nothing)
	if want := began.Add(19 * time.Second).Add(absence); !gone.Expires.Equal(want) {
		t.Errorf("what is recalled is given up at %s, want %s", gone.Expires, want)
	}
}
