// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package render

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// pinConfigs makes the ConfigMaps and Secrets of a component part of its version: each that its pods read gets a copy that is
// named by its content and can't be changed, and the pod template names the copy. So a change of content alone is a new
// version, pods of the old one go on reading what they had, and a rollback brings the old content back. The object itself stays,
// under the name that its author gave it, for whoever else reads it.
func pinConfigs(manifests []Manifest) ([]Manifest, error) {
	pins := map[config]*pin{}
	for i := range manifests {
		if c := configOf(manifests[i].Object); c.kind != "" {
			pins[c] = &pin{at: i}
		}
	}
	pod, found, err := unstructured.NestedFieldNoCopy(manifests[0].Object.Object, "spec", "template", "spec")
	if len(pins) == 0 || !found || err != nil {
		return manifests, nil //nolint:nilerr // a workload without a pod template reads nothing
	}
	for c, p := range pins {
		if p.copy, err = pinned(manifests[p.at]); err != nil {
			return nil, fmt.Errorf("copying %s %s: %w", c.kind, c.name, err)
		}
	}
	lead(pod, pins)
	out := make([]Manifest, 0, len(manifests)+len(pins))
	for i, m := range manifests {
		out = append(out, m)
		if p := pins[configOf(m.Object)]; p != nil && p.at == i && p.read {
			out = append(out, p.copy)
		}
	}
	return out, nil
}

// config is a ConfigMap or a Secret; the zero value is neither.
type config struct{ kind, name string }

func configOf(o *unstructured.Unstructured) config {
	if kind := o.GetKind(); o.GetAPIVersion() == "v1" && (kind == "ConfigMap" || kind == "Secret") {
		return config{kind, o.GetName()}
	}
	return config{}
}

// pin is the copy of a manifest, and whether pods read it.
type pin struct {
	at   int
	copy Manifest
	read bool
}

func pinned(m Manifest) (Manifest, error) {
	hash, err := contentHash(m.Object)
	if err != nil {
		return Manifest{}, err
	}
	o := m.Object.DeepCopy()
	o.SetName(m.Object.GetName() + "-" + hash)
	annotations := o.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[v1beta1.AnnotationCopyOf] = m.Object.GetName()
	o.SetAnnotations(annotations)
	o.Object["immutable"] = true
	m.Object, m.Resource = o, m.Resource+"-copy"
	return m, nil
}

// contentHash is 8 characters of [0-9a-f] that tell one content from another.
func contentHash(o *unstructured.Unstructured) (string, error) {
	content := map[string]any{}
	for _, field := range []string{"data", "binaryData", "stringData", "type"} {
		if v, there := o.Object[field]; there {
			content[field] = v
		}
	}
	raw, err := json.Marshal(content)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:4]), nil
}

// lead makes the pods read the copies. The places are those of core/v1: volumes and projected volumes, variables, and envFrom.
func lead(pod any, pins map[config]*pin) {
	each(pod, "volumes", func(volume map[string]any) {
		rename(volume["configMap"], "name", "ConfigMap", pins)
		rename(volume["secret"], "secretName", "Secret", pins)
		each(volume["projected"], "sources", func(source map[string]any) {
			rename(source["configMap"], "name", "ConfigMap", pins)
			rename(source["secret"], "name", "Secret", pins)
		})
	})
	for _, containers := range []string{"containers", "initContainers"} {
		each(pod, containers, func(container map[string]any) {
			each(container, "env", func(variable map[string]any) {
				from, _ := variable["valueFrom"].(map[string]any)
				rename(from["configMapKeyRef"], "name", "ConfigMap", pins)
				rename(from["secretKeyRef"], "name", "Secret", pins)
			})
			each(container, "envFrom", func(source map[string]any) {
				rename(source["configMapRef"], "name", "ConfigMap", pins)
				rename(source["secretRef"], "name", "Secret", pins)
			})
		})
	}
}

// each calls do for every object of a list in a part of free-form content.
func each(part any, field string, do func(map[string]any)) {
	in, _ := part.(map[string]any)
	list, _ := in[field].([]any)
	for _, entry := range list {
		if object, is := entry.(map[string]any); is {
			do(object)
		}
	}
}

func rename(reference any, field, kind string, pins map[config]*pin) {
	in, _ := reference.(map[string]any)
	name, _ := in[field].(string)
	if p := pins[config{kind, name}]; p != nil {
		p.read = true
		in[field] = p.copy.Object.GetName()
	}
}
