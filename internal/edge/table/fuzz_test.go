// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func FuzzAnnotations(f *testing.F) {
	for _, seed := range [][4]string{
		{"canary-weight", "20", "canary-weight-total", "100"}, {"canary-weight", "-1", "canary-weight-total", "0"},
		{"canary-by-header", "X", "canary-by-header-pattern", "a+"}, {"canary-by-header", "bad header", "canary-by-header-value", ""},
		{"proxy-body-size", "9223372036854775807g", "proxy-read-timeout", "1e9"}, {"canary-by-cookie", "a=b", "backend-protocol", "grpc"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		s := readAnnotations(map[string]string{prefix + "canary": "true", prefix + k1: v1, prefix + k2: v2})
		if s.weight < 0 || s.weight > s.total || s.total < 1 || s.total > maxTotal {
			t.Errorf("weight %d of %d", s.weight, s.total)
		}
		if s.bodyLimit < 0 || s.transport.Connect <= 0 || s.transport.Read <= 0 {
			t.Errorf("body limit %d, timeouts %v and %v", s.bodyLimit, s.transport.Connect, s.transport.Read)
		}
		for _, p := range s.problems {
			if len(p) > 8<<10 {
				t.Errorf("a problem of %d bytes", len(p))
			}
		}
	})
}

func FuzzTableBuild(f *testing.F) {
	inputs, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, in := range inputs {
		data, err := os.ReadFile(in)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, "demo.example", "/version")
	}
	f.Fuzz(func(t *testing.T, data []byte, host, path string) {
		in, err := parse(data)
		if err != nil {
			t.Skip("not objects")
		}
		built := Build(in)
		if again := Build(in); !reflect.DeepEqual(built.Sources, again.Sources) || len(built.Routes) != len(again.Routes) {
			t.Error("the same input gave two tables")
		}
		for i := range built.Routes {
			route := &built.Routes[i]
			if route.Kind != Ruled && (len(route.Backends) < 1 || len(route.Backends) > 2) {
				t.Errorf("%s has %d backends", route.ID(), len(route.Backends))
			}
			for _, b := range route.Backends {
				if _, exists := built.Pools[b.Pool]; b.Pool != "" && !exists || b.Weight < 0 {
					t.Errorf("%s: backend %+v", route.ID(), b)
				}
			}
		}
		for _, door := range built.Doors {
			for _, l := range door.Listeners {
				for _, m := range l.Matches {
					if m.Kind == Pattern && m.Regexp == nil {
						t.Errorf("%s has a pattern without an expression: %+v", l.Name, m)
					}
				}
			}
			if f := NewRouter(built).Find(door.DoorKey, host, asked{Host(host), path}); f.Route >= len(built.Routes) || f.Route >= 0 && built.Routes[f.Route].Name != f.Match.Rule {
				t.Errorf("matched %+v of %d routes", f, len(built.Routes))
			}
		}
		if i := NewRouter(built).Match(asked{Host(host), path}); i >= len(built.Routes) {
			t.Errorf("matched route %d of %d", i, len(built.Routes))
		}
	})
}
