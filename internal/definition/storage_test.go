// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/internal/definition"
)

func TestStorageSaysWhatIsWrongAndHowToMendIt(t *testing.T) {
	cases := map[string]struct{ properties, want string }{
		"a name that no object can have": {
			`configMap: [{name: My_Settings, mountPath: /etc/x}]`,
			`p.configMap[0].name: "My_Settings" is no name for objects; write a-z, 0-9 and dashes`,
		},
		"a name that makes no volume": {
			`configMap: [{name: my.settings, mountPath: /etc/x}]`,
			`p.configMap[0].name: "my.settings" makes the volume "configmap-my.settings", whose name is no label; write at most 53 of a-z, 0-9 and dashes`,
		},
		"an object that is made twice": {
			`configMap: [{name: settings, data: {a: "1"}}, {name: settings, mountPath: /etc/x}]`,
			`p.configMap[1].name: the ConfigMap "settings" is made by p.configMap[0] already; set mountOnly here, or give it another name`,
		},
		"a key that is none": {
			`configMap: [{name: settings, data: {"a b": "1"}}]`,
			`p.configMap[0].data: "a b" is no key; write letters, digits, dashes, dots and underscores, at most 253`,
		},
		"text where base64 belongs": {
			`secret: [{name: login, data: {password: open sesame}}]`,
			`p.secret[0].data.password: is not base64; write the text itself into stringData`,
		},
		"a size that is none": {
			`pvc: [{name: pictures, mountPath: /p, resources: {requests: {storage: big}}}]`,
			`p.pvc[0].resources.requests.storage: "big" is not an amount; write for example 8Gi`,
		},
		"a variable that the container has": {
			`configMap: [{name: settings, data: {a: "1"}, mountToEnv: {envName: MODE, configMapKey: a}}]`,
			`p: the variable "MODE" is there already; give one of the two another name or place`,
		},
		"a place that is taken": {
			`emptyDir: [{name: a, mountPath: /tmp}, {name: b, mountPath: /tmp}]`,
			`p: the path "/tmp" is there already; give one of the two another name or place`,
		},
		"what somebody else made, at two places": {
			`configMap: [{name: settings, mountOnly: true, mountPath: /a}, {name: settings, mountOnly: true, mountPath: /b}]`, ``,
		},
	}
	trait, err := definition.Builtin().Trait("storage")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			raw, err := yaml.YAMLToJSON([]byte(c.properties))
			if err != nil {
				t.Fatal(err)
			}
			workload := &unstructured.Unstructured{}
			if err := json.Unmarshal([]byte(`{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":{"containers":[{"env":[{"name":"MODE"}]}]}}}}`), &workload.Object); err != nil {
				t.Fatal(err)
			}
			_, err = trait.Render("p", definition.Scope{}, &runtime.RawExtension{Raw: raw}, workload)
			if got := strings.TrimSpace(text(err)); got != c.want {
				t.Error(cmp.Diff(c.want, got))
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return errors.Join(err).Error()
}
