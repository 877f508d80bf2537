// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"bytes"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"
)

var update = flag.Bool("update", false, "write the goldens instead of comparing with them")

// A new case is two files: testdata/<sentence>.in.yaml, and .out.yaml as `go test -update` writes it.
func TestBuildGoldens(t *testing.T) {
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
			input, err := parse(data)
			if err != nil {
				t.Fatal(err)
			}
			got, err := yaml.Marshal(Build(input))
			if err != nil {
				t.Fatal(err)
			}
			// The objects belong to the informers' caches and are read again for the next table.
			again, err := yaml.Marshal(Build(input))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(got), string(again)); diff != "" {
				t.Errorf("the second table of the same objects differs, so building changed them (-first +second):\n%s", diff)
			}
			out := strings.TrimSuffix(in, ".in.yaml") + ".out.yaml"
			if *update {
				if err := os.WriteFile(out, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("the table changed (-want +got); run with -update and read the difference:\n%s", diff)
			}
		})
	}
}

// parse reads a stream of YAML objects. Certificates are not parsed: one whose tls.crt says "broken" is refused.
func parse(data []byte) (Input, error) {
	in := Input{Class: "nginx", Gateways: Gateways{Address: "10.0.0.1"}, Pair: func(s *corev1.Secret) (*tls.Certificate, error) {
		if bytes.Contains(s.Data[corev1.TLSCertKey], []byte("broken")) {
			return nil, errors.New("it is broken")
		}
		return &tls.Certificate{}, nil
	}}
	for _, doc := range bytes.Split(data, []byte("\n---\n")) {
		var kind metav1.TypeMeta
		if err := yaml.Unmarshal(doc, &kind); err != nil {
			return in, err
		}
		var err error
		switch kind.Kind {
		case "Ingress":
			o := &networkingv1.Ingress{}
			err = yaml.UnmarshalStrict(doc, o)
			in.Ingresses = append(in.Ingresses, o)
		case "Service":
			o := &corev1.Service{}
			err = yaml.UnmarshalStrict(doc, o)
			in.Services = append(in.Services, o)
		case "EndpointSlice":
			o := &discoveryv1.EndpointSlice{}
			err = yaml.UnmarshalStrict(doc, o)
			in.Slices = append(in.Slices, o)
		case "Secret":
			o := &corev1.Secret{}
			err = yaml.UnmarshalStrict(doc, o)
			in.Secrets = append(in.Secrets, o)
		case "IngressClass":
			in.ClassIsDefault = true
		case "GatewayClass":
			o := &gatewayv1.GatewayClass{}
			err = yaml.UnmarshalStrict(doc, o)
			in.Gateways.Classes, in.Gateways.Controller = append(in.Gateways.Classes, o), "release.oam.dev/edge"
		case "Gateway":
			o := &gatewayv1.Gateway{}
			err = yaml.UnmarshalStrict(doc, o)
			in.Gateways.Gateways = append(in.Gateways.Gateways, o)
		case "HTTPRoute":
			o := &gatewayv1.HTTPRoute{}
			err = yaml.UnmarshalStrict(doc, o)
			in.Gateways.HTTPRoutes = append(in.Gateways.HTTPRoutes, o)
		case "GRPCRoute":
			o := &gatewayv1.GRPCRoute{}
			err = yaml.UnmarshalStrict(doc, o)
			in.Gateways.GRPCRoutes = append(in.Gateways.GRPCRoutes, o)
		case "ReferenceGrant":
			o := &gatewayv1.ReferenceGrant{}
			err = yaml.UnmarshalStrict(doc, o)
			in.Gateways.Grants = append(in.Gateways.Grants, o)
		case "Namespace":
			o := &corev1.Namespace{}
			err = yaml.UnmarshalStrict(doc, o)
			in.Gateways.Namespaces = append(in.Gateways.Namespaces, o)
		case "":
		default:
			err = fmt.Errorf("kind %q is nothing a table is built from", kind.Kind)
		}
		if err != nil {
			return in, err
		}
	}
	return in, nil
}

func TestMatch(t *testing.T) {
	routes := []Route{
		{Host: "a.example", Path: "/", Kind: Prefix},
		{Host: "a.example", Path: "/foo", Kind: Prefix},
		{Host: "a.example", Path: "/foo/bar", Kind: Exact},
		{Host: "a.example", Path: "/foo/bar", Kind: Prefix},
		{Host: "a.example", Path: "/foolish", Kind: Literal},
		{Host: "b.example", Path: "/v", Kind: Literal},
		{Host: "b.example", Kind: Default},
		{Host: "c.example", Path: "/only", Kind: Exact},
		{Host: "*.wild.example", Path: "/", Kind: Prefix},
		{Host: "x.wild.example", Path: "/x", Kind: Prefix},
		{Host: "", Path: "/any", Kind: Prefix},
		{Host: "", Kind: Default},
	}
	router := NewRouter(&Table{Routes: routes})
	cases := map[string]struct{ host, path, want string }{
		"the longest prefix wins":                                {"a.example", "/foo/baz", "a.example|prefix|/foo"},
		"an exact path wins over the same prefix":                {"a.example", "/foo/bar", "a.example|exact|/foo/bar"},
		"below an exact path the prefix serves":                  {"a.example", "/foo/bar/x", "a.example|prefix|/foo/bar"},
		"a prefix ends at an element":                            {"a.example", "/foobar", "a.example|prefix|/"},
		"a literal path ends anywhere":                           {"a.example", "/foolishly", "a.example|literal|/foolish"},
		"a trailing slash is below the prefix":                   {"a.example", "/foo/", "a.example|prefix|/foo"},
		"dot segments are resolved before comparing":             {"a.example", "/x/../foo/bar", "a.example|exact|/foo/bar"},
		"double slashes are one":                                 {"a.example", "//foo//bar", "a.example|exact|/foo/bar"},
		"an implementation specific path is a literal":           {"b.example", "/version", "b.example|literal|/v"},
		"the default backend of the host takes the rest":         {"b.example", "/other", "b.example|default|"},
		"a host without default goes to the default of all":      {"c.example", "/other", "|default|"},
		"a host with routes does not use those of all hosts":     {"c.example", "/any", "|default|"},
		"a star stands for one label":                            {"y.wild.example", "/", "*.wild.example|prefix|/"},
		"a star does not stand for two":                          {"z.y.wild.example", "/any", "|prefix|/any"},
		"an exact host wins over a star":                         {"x.wild.example", "/x/1", "x.wild.example|prefix|/x"},
		"an exact host does not fall through to the star":        {"x.wild.example", "/y", "|default|"},
		"an unknown host uses the routes of all hosts":           {"nobody.example", "/any/1", "|prefix|/any"},
		"an unknown host and path goes to the default of all":    {"nobody.example", "/", "|default|"},
		"host names are compared without case, port and dot":     {Host("A.Example.:8080"), "/", "a.example|prefix|/"},
		"an empty path is the root":                              {"a.example", "", "a.example|prefix|/"},
		"the asterisk of OPTIONS belongs to the default backend": {"c.example", "*", "|default|"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := "none"
			if i := router.Match(asked{tc.host, tc.path}); i >= 0 {
				got = routes[i].ID()
			}
			if got != tc.want {
				t.Errorf("%s%s goes to %s, want %s", tc.host, tc.path, got, tc.want)
			}
		})
	}
}

// asked is a request without headers.
type asked struct{ host, path string }

func (a asked) Host() string         { return a.host }
func (a asked) Path() string         { return a.path }
func (asked) Header(string) string   { return "" }
func (asked) Cookie(string) string   { return "" }
func (asked) Method() string         { return "GET" }
func (asked) Query() string          { return "" }
func (asked) Values(string) []string { return nil }

func TestMatchAllocatesNothing(t *testing.T) {
	router := NewRouter(&Table{Routes: []Route{{Host: "*.a.example", Path: "/foo", Kind: Prefix}, {Host: "*.a.example", Path: "/foo/bar", Kind: Exact}}})
	req := &asked{"x.a.example", "/foo/1"}
	if allocs := testing.AllocsPerRun(100, func() { router.Match(req) }); allocs != 0 {
		t.Errorf("%v allocations for each match", allocs)
	}
}

func BenchmarkBuild1000(b *testing.B) {
	in := Input{Class: "nginx", ClassIsDefault: true}
	kind := networkingv1.PathTypePrefix
	port := int32(80)
	for i := range 1_000 {
		name := fmt.Sprintf("app-%04d", i)
		meta := metav1.ObjectMeta{Namespace: "demo", Name: name}
		in.Services = append(in.Services, &corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}})
		slice := &discoveryv1.EndpointSlice{ObjectMeta: meta, Ports: []discoveryv1.EndpointPort{{Port: &port}}}
		slice.Labels = map[string]string{discoveryv1.LabelServiceName: name}
		for j := range 5 {
			slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Addresses: []string{fmt.Sprintf("10.%d.%d.%d", i/256, i%256, j)}})
		}
		in.Slices = append(in.Slices, slice)
		in.Ingresses = append(in.Ingresses, &networkingv1.Ingress{ObjectMeta: meta, Spec: networkingv1.IngressSpec{
			Rules: []networkingv1.IngressRule{{Host: name + ".example", IngressRuleValue: networkingv1.IngressRuleValue{
				HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{Path: "/", PathType: &kind,
					Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: name, Port: networkingv1.ServiceBackendPort{Number: 80}}}}}},
			}}},
		}})
	}
	b.ReportAllocs()
	for b.Loop() {
		NewRouter(Build(in))
	}
}
