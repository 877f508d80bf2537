// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package install_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/engine"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/internal/install"
	"github.com/vela-rollouts/vela/internal/server/access"
)

var update = flag.Bool("update", false, "write the files that are made out of Go anew")

// render gives all objects of the chart, by kind and name.
func render(t *testing.T, values map[string]any) map[string]*unstructured.Unstructured {
	t.Helper()
	made, err := install.Chart("1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	all, err := util.ToRenderValues(made, values, common.ReleaseOptions{Name: install.Name, Namespace: install.Namespace, IsInstall: true}, common.DefaultCapabilities)
	if err != nil {
		t.Fatal(err)
	}
	files, err := engine.Render(made, all)
	if err != nil {
		t.Fatal(err)
	}
	objects := map[string]*unstructured.Unstructured{}
	for file, text := range files {
		for _, doc := range strings.Split(text, "\n---\n") {
			o := &unstructured.Unstructured{}
			if err := yaml.Unmarshal([]byte(doc), &o.Object); err != nil {
				t.Fatalf("%s: %v\n%s", file, err, doc)
			}
			if len(o.Object) == 0 {
				continue
			}
			key := o.GetKind() + "/" + o.GetName()
			if objects[key] != nil {
				t.Errorf("%s is there twice", key)
			}
			objects[key] = o
		}
	}
	return objects
}

func TestTheChartHasWhatItPromises(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		values   map[string]any
		has, not []string
	}{
		"as it comes": {nil,
			[]string{
				"Deployment/vela-core", "Service/vela-core", "ServiceAccount/vela-core", "PodDisruptionBudget/vela-core", "NetworkPolicy/vela-core", "ClusterRole/vela-core",
				"ClusterRole/vela-viewer", "ClusterRoleBinding/vela-admin", "CustomResourceDefinition/applications.core.oam.dev", "CustomResourceDefinition/rollouts.rollouts.kruise.io",
			},
			[]string{"Deployment/vela-edge"}},
		"with the edge": {map[string]any{"edge": map[string]any{"enabled": true}},
			[]string{"Deployment/vela-edge", "Service/vela-edge", "Service/vela-edge-admin", "IngressClass/nginx", "PodDisruptionBudget/vela-edge", "NetworkPolicy/vela-edge"}, nil},
		"without definitions and roles": {map[string]any{"crds": map[string]any{"enabled": false}, "roles": map[string]any{"enabled": false}},
			[]string{"Deployment/vela-core"}, []string{"ClusterRole/vela-viewer", "CustomResourceDefinition/applications.core.oam.dev"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			objects := render(t, tc.values)
			for _, key := range tc.has {
				if objects[key] == nil {
					t.Errorf("there is no %s", key)
				}
			}
			for _, key := range tc.not {
				if objects[key] != nil {
					t.Errorf("there is %s", key)
				}
			}
		})
	}
}

func TestDefinitionsStayWhenTheChartGoes(t *testing.T) {
	t.Parallel()
	for key, o := range render(t, nil) {
		if strings.HasPrefix(key, "CustomResourceDefinition/") && o.GetAnnotations()["helm.sh/resource-policy"] != "keep" {
			t.Errorf("%s would go with the chart, and with it every object of the kind", key)
		}
	}
}

func TestPodsRunWithoutRights(t *testing.T) {
	t.Parallel()
	objects := render(t, map[string]any{"edge": map[string]any{"enabled": true}})
	for _, name := range []string{"vela-core", "vela-edge"} {
		o := objects["Deployment/"+name].Object
		pod, _, _ := unstructured.NestedMap(o, "spec", "template", "spec", "securityContext")
		if pod["runAsNonRoot"] != true {
			t.Errorf("%s may run as root", name)
		}
		containers, _, _ := unstructured.NestedSlice(o, "spec", "template", "spec", "containers")
		for _, c := range containers {
			if got, _, _ := unstructured.NestedBool(c.(map[string]any), "securityContext", "readOnlyRootFilesystem"); !got {
				t.Errorf("%s may write its files", name)
			}
			if image, _, _ := unstructured.NestedString(c.(map[string]any), "image"); !strings.HasSuffix(image, ":1.2.3") {
				t.Errorf("%s has the image %s, want the tag of the program that installs it", name, image)
			}
		}
	}
}

// TestNoRuleGivesEverything looks at what the chart's programs may do.
func TestNoRuleGivesEverything(t *testing.T) {
	t.Parallel()
	for key, o := range render(t, map[string]any{"edge": map[string]any{"enabled": true}}) {
		rules, _, _ := unstructured.NestedSlice(o.Object, "rules")
		for _, r := range rules {
			for _, field := range []string{"apiGroups", "resources", "verbs"} {
				if list, _, _ := unstructured.NestedStringSlice(r.(map[string]any), field); slices.Contains(list, "*") {
					t.Errorf("%s has a rule with %s: *", key, field)
				}
			}
		}
	}
}

// TestRolesAreThoseOfTheServer makes the chart's roles out of the ones that velad installs.
func TestRolesAreThoseOfTheServer(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	text.WriteString("# Made out of internal/server/access by: go test ./internal/install -update\n{{- if .Values.roles.enabled }}\n")
	for _, role := range access.Roles() {
		for _, o := range []any{role.ClusterRole(), role.Binding()} {
			out, err := yaml.Marshal(o)
			if err != nil {
				t.Fatal(err)
			}
			text.WriteString("---\n" + string(out))
		}
	}
	text.WriteString("{{- end }}\n")
	file := filepath.Join("..", "..", "deploy", "chart", "templates", "roles.yaml")
	if *update {
		if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	has, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text.String(), string(has)); diff != "" {
		t.Errorf("the chart has other roles than the server (-want +got):\n%s", diff)
	}
}
