// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"reflect"

	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// VolumeMounts are volumes by kind, each with the place it is mounted at.
type VolumeMounts struct {
	PVC       []PVCMount       `json:"pvc,omitempty" doc:"PersistentVolumeClaims."`
	ConfigMap []ConfigMapMount `json:"configMap,omitempty" doc:"ConfigMaps."`
	Secret    []SecretMount    `json:"secret,omitempty" doc:"Secrets."`
	EmptyDir  []EmptyDirMount  `json:"emptyDir,omitempty" doc:"Directories that live as long as the pod."`
	HostPath  []HostPathMount  `json:"hostPath,omitempty" doc:"Paths of the node."`
}

// Mount is a volume's name and place.
type Mount struct {
	Name      string `json:"name" schema:"required,minLength=1" doc:"Name of the volume."`
	MountPath string `json:"mountPath" schema:"required,minLength=1" doc:"Where it is mounted."`
	SubPath   string `json:"subPath,omitempty" doc:"Path in the volume."`
}

// PVCMount mounts a PersistentVolumeClaim.
type PVCMount struct {
	Mount
	ClaimName string `json:"claimName" schema:"required,minLength=1" doc:"Name of the claim."`
}

// ConfigMapMount mounts a ConfigMap.
type ConfigMapMount struct {
	Mount
	DefaultMode int32  `json:"defaultMode,omitempty" schema:"min=0,max=511,default=420" doc:"Mode of the files."`
	CMName      string `json:"cmName" schema:"required,minLength=1" doc:"Name of the ConfigMap."`
	Items       []Item `json:"items,omitempty" doc:"Keys to mount; all without it."`
}

// SecretMount mounts a Secret.
type SecretMount struct {
	Mount
	DefaultMode int32  `json:"defaultMode,omitempty" schema:"min=0,max=511,default=420" doc:"Mode of the files."`
	SecretName  string `json:"secretName" schema:"required,minLength=1" doc:"Name of the Secret."`
	Items       []Item `json:"items,omitempty" doc:"Keys to mount; all without it."`
}

// Item is a key that becomes a file.
type Item struct {
	Key  string `json:"key" schema:"required,minLength=1" doc:"Key to mount."`
	Path string `json:"path" schema:"required,minLength=1" doc:"Name of the file."`
	Mode int32  `json:"mode,omitempty" schema:"min=0,max=511,default=511" doc:"Mode of the file."`
}

// EmptyDirMount mounts a directory that lives as long as the pod.
type EmptyDirMount struct {
	Mount
	Medium string `json:"medium,omitempty" schema:"enum=|Memory,default=" doc:"Memory for a directory in memory."`
}

// HostPathMount mounts a path of the node.
type HostPathMount struct {
	Mount
	Path string `json:"path" schema:"required,minLength=1" doc:"Path on the node."`
}

// Volume is the deprecated form, with the kind in a field.
type Volume struct {
	Mount
	Type        string `json:"type,omitempty" schema:"enum=emptyDir|pvc|configMap|secret,default=emptyDir" doc:"Kind of the volume."`
	ClaimName   string `json:"claimName,omitempty" doc:"Name of the claim, for type pvc."`
	CMName      string `json:"cmName,omitempty" doc:"Name of the ConfigMap, for type configMap."`
	SecretName  string `json:"secretName,omitempty" doc:"Name of the Secret, for type secret."`
	DefaultMode int32  `json:"defaultMode,omitempty" schema:"min=0,max=511,default=420" doc:"Mode of the files, for types configMap and secret."`
	Items       []Item `json:"items,omitempty" doc:"Keys to mount, for types configMap and secret."`
	Medium      string `json:"medium,omitempty" schema:"enum=|Memory,default=" doc:"Memory for a directory in memory, for type emptyDir."`
}

// Check reports a volume whose type needs a name that is not there.
func (v Volume) Check(at string) []error {
	needed, given := "", "-"
	switch v.Type {
	case "pvc":
		needed, given = "claimName", v.ClaimName
	case "configMap":
		needed, given = "cmName", v.CMName
	case "secret":
		needed, given = "secretName", v.SecretName
	}
	if given == "" {
		return []error{schema.Faultf(schema.Join(at, needed), "is missing for type %s; add %s", v.Type, needed)}
	}
	return nil
}

// mounted is a volume of any kind: its mount, and the source as the pod's spec has it.
type mounted struct {
	at     string
	mount  Mount
	source fields
}

func (c Container) mounted(at string) []mounted {
	var out []mounted
	add := func(list string, i int, mount Mount, kind string, source fields) {
		out = append(out, mounted{at: schema.Index(schema.Join(at, list), i), mount: mount,
			source: fields{"name": mount.Name, kind: source}})
	}
	if m := c.VolumeMounts; m != nil {
		for i, v := range m.PVC {
			add("volumeMounts.pvc", i, v.Mount, "persistentVolumeClaim", fields{"claimName": v.ClaimName})
		}
		for i, v := range m.ConfigMap {
			add("volumeMounts.configMap", i, v.Mount, "configMap", files("name", v.CMName, v.DefaultMode, v.Items))
		}
		for i, v := range m.Secret {
			add("volumeMounts.secret", i, v.Mount, "secret", files("secretName", v.SecretName, v.DefaultMode, v.Items))
		}
		for i, v := range m.EmptyDir {
			add("volumeMounts.emptyDir", i, v.Mount, "emptyDir", fields{}.set("medium", v.Medium))
		}
		for i, v := range m.HostPath {
			add("volumeMounts.hostPath", i, v.Mount, "hostPath", fields{"path": v.Path})
		}
	}
	for i, v := range c.Volumes {
		switch v.Type {
		case "pvc":
			add("volumes", i, v.Mount, "persistentVolumeClaim", fields{"claimName": v.ClaimName})
		case "configMap":
			add("volumes", i, v.Mount, "configMap", files("name", v.CMName, v.DefaultMode, v.Items))
		case "secret":
			add("volumes", i, v.Mount, "secret", files("secretName", v.SecretName, v.DefaultMode, v.Items))
		default:
			add("volumes", i, v.Mount, "emptyDir", fields{}.set("medium", v.Medium))
		}
	}
	return out
}

func files(nameField, name string, mode int32, items []Item) fields {
	return fields{nameField: name, "defaultMode": mode}.set("items", items)
}

// volumes are the pod's volumes. One that is mounted at several places is there once; two that share a name are a fault.
func (c Container) volumes(at string) ([]fields, []error) {
	var out []fields
	var faults []error
	first := map[string]mounted{}
	for _, m := range c.mounted(at) {
		earlier, repeated := first[m.mount.Name]
		if !repeated {
			first[m.mount.Name] = m
			out = append(out, m.source)
			continue
		}
		if !reflect.DeepEqual(earlier.source, m.source) {
			faults = append(faults, schema.Faultf(schema.Join(m.at, "name"),
				"%s names another volume already; give this one a name of its own", quoted(m.mount.Name)))
		}
	}
	return out, faults
}

// mounts are the container's mounts, in the order of volumes.
func (c Container) mounts() []Mount {
	var out []Mount
	for _, m := range c.mounted("") {
		out = append(out, m.mount)
	}
	return out
}
