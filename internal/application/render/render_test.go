// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package render_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/application/render"
	"github.com/vela-rollouts/vela/internal/definition"
)

// TestGolden renders each testdata/*.in.yaml, an Application, and compares with *.out.yaml. The override policies apply to
// all components, and the first canary-deploy step adds the Rollouts. A new case is an .in.yaml and a run with -update.
func TestGolden(t *testing.T) {
	update := flag.Lookup("update").Value.String() == "true"
	inputs, err := filepath.Glob("testdata/*.in.yaml")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("no cases in testdata: %v", err)
	}
	for _, input := range inputs {
		name := strings.TrimSuffix(filepath.Base(input), ".in.yaml")
		t.Run(name, func(t *testing.T) {
			app := &v1beta1.Application{}
			data, err := os.ReadFile(input)
			if err != nil {
				t.Fatal(err)
			}
			if err := yaml.UnmarshalStrict(data, app); err != nil {
				t.Fatal(err)
			}
			got := renderAll(t, app)
			golden := strings.Replace(input, ".in.yaml", ".out.yaml", 1)
			if update {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("no golden file; run with -update: %v", err)
			}
			if diff := gocmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s renders differently (-want +got); run with -update if that is meant:\n%s", input, diff)
			}
		})
	}
}

// renderAll is the documents of all components, or the line "error: …".
func renderAll(t *testing.T, app *v1beta1.Application) []byte {
	t.Helper()
	components, err := render.Override(app.Spec.Components, app.Spec.Policies)
	if err != nil {
		return []byte("error: " + err.Error() + "\n")
	}
	version := app.Annotations[v1beta1.AnnotationPublishVersion]
	c := render.Context{
		AppName: app.Name, Namespace: "default", Revision: app.Name + "-" + cmp.Or(version, "v1"), RevisionHash: "5f2d1c3b4a69788",
		PublishVersion: version,
		AppLabels:      app.Labels, AppAnnotations: app.Annotations,
	}
	var out bytes.Buffer
	for _, comp := range components {
		manifests, err := render.Component(definition.Builtin(), c, comp)
		if err == nil {
			manifests, err = withRollout(c, comp, manifests, app.Spec.Workflow)
		}
		if err != nil {
			return []byte("error: " + err.Error() + "\n")
		}
		for _, m := range manifests {
			mustBeClean(t, m.Object.Object)
			mustBeKnown(t, m.Object)
			doc, err := yaml.Marshal(m.Object.Object)
			if err != nil {
				t.Fatal(err)
			}
			out.WriteString("---\n")
			out.Write(doc)
		}
	}
	return out.Bytes()
}

func withRollout(c render.Context, comp v1beta1.Component, manifests []render.Manifest, workflow *v1beta1.Workflow) ([]render.Manifest, error) {
	if workflow == nil {
		return manifests, nil
	}
	for _, step := range workflow.Steps {
		if step.Type != "canary-deploy" {
			continue
		}
		var canary render.Canary
		if err := json.Unmarshal(step.Properties.Raw, &canary); err != nil {
			return nil, err
		}
		rollout, err := render.Rollout(c, comp, manifests, canary)
		return append(manifests, rollout), err
	}
	return manifests, errors.New("the workflow has no canary-deploy step")
}

// mustBeClean fails on nulls, which server-side apply takes as "own this field and empty it", and on values that a deep
// copy of an unstructured object cannot take.
func mustBeClean(t *testing.T, object map[string]any) {
	t.Helper()
	var walk func(at string, value any)
	walk = func(at string, value any) {
		switch typed := value.(type) {
		case nil:
			t.Errorf("%s is null; leave it out", at)
		case map[string]any:
			for key, field := range typed {
				walk(at+"."+key, field)
			}
		case []any:
			for _, entry := range typed {
				walk(at+"[]", entry)
			}
		}
	}
	walk("", runtime.DeepCopyJSON(object))
	if _, found, _ := unstructured.NestedMap(object, "status"); found {
		t.Error("the manifest has a status; leave it to the controllers")
	}
}

// mustBeKnown fails on fields that the kind does not have.
func mustBeKnown(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	kinds := map[string]any{
		"StatefulSet": &appsv1.StatefulSet{}, "DaemonSet": &appsv1.DaemonSet{},
		"Deployment": &appsv1.Deployment{},
		"Service":    &corev1.Service{},
		"Ingress":    &networkingv1.Ingress{},
		"Rollout":    &rollouts.Rollout{},
		"HTTPRoute":  &gatewayv1.HTTPRoute{},
		"Gateway":    &gatewayv1.Gateway{},

		"ConfigMap":             &corev1.ConfigMap{},
		"Secret":                &corev1.Secret{},
		"PersistentVolumeClaim": &corev1.PersistentVolumeClaim{},
	}
	typed, known := kinds[object.GetKind()]
	if !known {
		t.Fatalf("no type for kind %s in this test; add it", object.GetKind())
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, typed, true); err != nil {
		t.Errorf("%s %s: %v", object.GetKind(), object.GetName(), err)
	}
}

// BenchmarkComponent renders the page's component.
func BenchmarkComponent(b *testing.B) {
	data, err := os.ReadFile("testdata/page-v2.in.yaml")
	if err != nil {
		b.Fatal(err)
	}
	app := &v1beta1.Application{}
	if err := yaml.Unmarshal(data, app); err != nil {
		b.Fatal(err)
	}
	registry := definition.Builtin()
	for b.Loop() {
		if _, err := render.Component(registry, render.Context{AppName: app.Name, Namespace: "default", Revision: "canary-demo-v2"}, app.Spec.Components[0]); err != nil {
			b.Fatal(err)
		}
	}
}
