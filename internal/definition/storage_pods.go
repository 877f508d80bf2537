// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// storageVolume is a volume of the pods and its place in the container.
type storageVolume struct {
	list         string // of the parameters
	index        int
	object, name string
	source       fields
	mount        fields
	device       bool
}

func (s Storage) volumes() []storageVolume {
	var out []storageVolume
	for i, v := range s.PVC {
		name := "pvc-" + v.Name
		one := storageVolume{list: "pvc", index: i, object: v.Name, name: name,
			source: fields{"name": name, "persistentVolumeClaim": fields{"claimName": v.Name}},
			mount:  fields{"name": name, "mountPath": v.MountPath}.set("subPath", v.SubPath)}
		if v.VolumeMode == "Block" {
			one.device, one.mount = true, fields{"name": name, "devicePath": v.MountPath}
		}
		out = append(out, one)
	}
	for i, v := range s.ConfigMap {
		if v.MountPath != "" {
			out = append(out, v.volume("configMap", i, "configmap-", "configMap", "name"))
		}
	}
	for i, v := range s.Secret {
		if v.MountPath != "" {
			out = append(out, v.volume("secret", i, "secret-", "secret", "secretName"))
		}
	}
	for i, v := range s.EmptyDir {
		name := "emptydir-" + v.Name
		out = append(out, storageVolume{list: "emptyDir", index: i, object: v.Name, name: name,
			source: fields{"name": name, "emptyDir": fields{}.set("medium", v.Medium)},
			mount:  fields{"name": name, "mountPath": v.MountPath}.set("subPath", v.SubPath)})
	}
	for i, v := range s.HostPath {
		name := "hostpath-" + v.Name
		out = append(out, storageVolume{list: "hostPath", index: i, object: v.Name, name: name,
			source: fields{"name": name, "hostPath": fields{"path": v.Path, "type": v.Type}},
			mount:  fields{"name": name, "mountPath": v.MountPath}.set("subPath", v.SubPath)})
	}
	return out
}

func (f StorageFiles) volume(list string, index int, prefix, kind, nameField string) storageVolume {
	name := prefix + f.Name
	return storageVolume{list: list, index: index, object: f.Name, name: name,
		source: fields{"name": name, kind: files(nameField, f.Name, f.DefaultMode, f.Items)},
		mount:  fields{"name": name, "mountPath": f.MountPath}.set("subPath", f.SubPath).set("readOnly", f.ReadOnly)}
}

// variables are the environment variables, in order.
func (s Storage) variables() []fields {
	var out []fields
	add := func(env, source, object, key string) {
		out = append(out, fields{"name": env, "valueFrom": fields{source: fields{"name": object, "key": key}}})
	}
	for _, c := range s.ConfigMap {
		if e := c.MountToEnv; e != nil {
			add(e.EnvName, "configMapKeyRef", c.Name, e.ConfigMapKey)
		}
		for _, e := range c.MountToEnvs {
			add(e.EnvName, "configMapKeyRef", c.Name, e.ConfigMapKey)
		}
	}
	for _, c := range s.Secret {
		if e := c.MountToEnv; e != nil {
			add(e.EnvName, "secretKeyRef", c.Name, e.SecretKey)
		}
		for _, e := range c.MountToEnvs {
			add(e.EnvName, "secretKeyRef", c.Name, e.SecretKey)
		}
	}
	return out
}

// equip gives the pods of the workload the volumes, and its first container the mounts and variables.
func (s Storage) equip(at string, workload *unstructured.Unstructured) error {
	var volumes, mounts, devices []fields
	for _, v := range s.volumes() {
		if !slices.ContainsFunc(volumes, func(f fields) bool { return f["name"] == v.name }) {
			volumes = append(volumes, v.source)
		}
		if v.device {
			devices = append(devices, v.mount)
			continue
		}
		mounts = append(mounts, v.mount)
	}
	pod, found, err := unstructured.NestedMap(workload.Object, "spec", "template", "spec")
	if err != nil || !found {
		return schema.Faultf(at, "the %s has no pod template to give storage to; remove the trait", workload.GetKind())
	}
	containers, _, _ := unstructured.NestedSlice(pod, "containers")
	if len(containers) == 0 {
		return schema.Faultf(at, "the pods have no container to give storage to; remove the trait")
	}
	first, _ := containers[0].(map[string]any)
	for _, list := range []struct {
		in    map[string]any
		field string
		key   string
		what  string
		more  []fields
	}{
		{pod, "volumes", "name", "the volume", volumes},
		{first, "volumeMounts", "mountPath", "the path", mounts},
		{first, "volumeDevices", "devicePath", "the path", devices},
		{first, "env", "name", "the variable", s.variables()},
	} {
		if err := extend(list.in, list.field, list.key, list.more); err != nil {
			return schema.Faultf(at, "%s %s is there already; give one of the two another name or place", list.what, err)
		}
	}
	pod["containers"] = containers
	if err := unstructured.SetNestedMap(workload.Object, pod, "spec", "template", "spec"); err != nil {
		return fmt.Errorf("giving storage to the pods: %w", err)
	}
	return nil
}

// extend adds entries to a list. The error is the key of one that is there already.
func extend(in map[string]any, field, key string, more []fields) error {
	if len(more) == 0 {
		return nil
	}
	list, _, _ := unstructured.NestedSlice(in, field)
	for _, entry := range more {
		plain, err := object(fields{"kind": "List", "apiVersion": "v1", "entry": entry})
		if err != nil {
			return err
		}
		if slices.ContainsFunc(list, func(there any) bool {
			other, _ := there.(map[string]any)
			return other[key] == entry[key]
		}) {
			return fmt.Errorf("%s", quoted(fmt.Sprint(entry[key])))
		}
		list = append(list, plain.Object["entry"])
	}
	in[field] = list
	return nil
}

// objects are the claims, ConfigMaps and Secrets that the trait makes.
func (s Storage) objects() ([]Output, error) {
	var out []Output
	add := func(resource, kind, name string, content fields) error {
		content["apiVersion"], content["kind"], content["metadata"] = "v1", kind, fields{"name": name}
		o, err := object(content)
		if err != nil {
			return err
		}
		out = append(out, Output{Resource: resource, Object: o})
		return nil
	}
	for _, v := range s.PVC {
		if v.MountOnly {
			continue
		}
		if err := add("pvc-"+v.Name, "PersistentVolumeClaim", v.Name, fields{"spec": v.spec()}); err != nil {
			return nil, err
		}
	}
	for _, v := range s.ConfigMap {
		if v.MountOnly {
			continue
		}
		if err := add("configmap-"+v.Name, "ConfigMap", v.Name, fields{}.set("data", v.Data)); err != nil {
			return nil, err
		}
	}
	for _, v := range s.Secret {
		if v.MountOnly {
			continue
		}
		if err := add("secret-"+v.Name, "Secret", v.Name, fields{"type": "Opaque"}.set("data", v.encoded())); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// encoded is all of the content in base64, as the API server keeps it.
func (s StorageSecret) encoded() map[string]string {
	out := maps.Clone(s.Data)
	if out == nil {
		out = map[string]string{}
	}
	for key, text := range s.StringData {
		out[key] = base64.StdEncoding.EncodeToString([]byte(text))
	}
	return out
}

func (v StoragePVC) spec() fields {
	modes := v.AccessModes
	if len(modes) == 0 {
		modes = []string{"ReadWriteOnce"}
	}
	resources := fields{"requests": fields{"storage": defaultClaimSize}}
	if v.Resources != nil {
		resources = fields{"requests": v.Resources.Requests}
		if v.Resources.Limits != nil {
			resources["limits"] = v.Resources.Limits
		}
	}
	return fields{"accessModes": modes, "volumeMode": v.VolumeMode, "resources": resources}.
		set("volumeName", v.VolumeName).set("storageClassName", v.StorageClassName).
		set("dataSourceRef", v.DataSourceRef).set("dataSource", v.DataSource).set("selector", v.Selector)
}
