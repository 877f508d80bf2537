// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package arch_test

import (
	"io/fs"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/crds"
)

// A part of another type that has the name of a kind would become a version of that kind, and what is written by that version
// loses all that the part does not have.
func TestEachVersionOfAKindIsAWholeObject(t *testing.T) {
	files, err := fs.Glob(crds.FS, "*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no definitions: %v", err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(crds.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		crd := &apiextensionsv1.CustomResourceDefinition{}
		if err := yaml.UnmarshalStrict(text, crd); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, v := range crd.Spec.Versions {
			for _, field := range []string{"apiVersion", "kind", "metadata"} {
				if _, there := v.Schema.OpenAPIV3Schema.Properties[field]; !there {
					t.Errorf("version %s of %s has no %s", v.Name, crd.Name, field)
				}
			}
		}
	}
}
