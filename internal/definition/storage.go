// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"encoding/base64"
	"errors"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// Storage are the parameters of trait storage (kubevela.md 4.4): what the pods of a component read and write beside their
// image. What it makes is named as the user names it.
type Storage struct {
	PVC       []StoragePVC       `json:"pvc,omitempty" doc:"PersistentVolumeClaims."`
	ConfigMap []StorageConfigMap `json:"configMap,omitempty" doc:"ConfigMaps. They are part of the version: a change of data is a release."`
	Secret    []StorageSecret    `json:"secret,omitempty" doc:"Secrets. They are part of the version: a change of data is a release."`
	EmptyDir  []EmptyDirMount    `json:"emptyDir,omitempty" doc:"Directories that live as long as the pod."`
	HostPath  []StorageHostPath  `json:"hostPath,omitempty" doc:"Paths of the node."`
}

// StorageFiles is what a ConfigMap and a Secret have in common.
type StorageFiles struct {
	Name        string `json:"name" schema:"required,minLength=1" doc:"Name of the object."`
	MountOnly   bool   `json:"mountOnly,omitempty" schema:"default=false" doc:"The object is somebody else's: it is read and not made."`
	MountPath   string `json:"mountPath,omitempty" doc:"Where its keys appear as files."`
	SubPath     string `json:"subPath,omitempty" doc:"Path in the volume."`
	DefaultMode int32  `json:"defaultMode,omitempty" schema:"min=0,max=511,default=420" doc:"Mode of the files."`
	ReadOnly    bool   `json:"readOnly,omitempty" schema:"default=false" doc:"Mounts it for reading only."`
	Items       []Item `json:"items,omitempty" doc:"Keys to mount; all without it."`
}

// StorageConfigMap is a ConfigMap that pods read as files or as environment variables.
type StorageConfigMap struct {
	StorageFiles
	MountToEnv  *ConfigMapEnv     `json:"mountToEnv,omitempty" doc:"A key as an environment variable."`
	MountToEnvs []ConfigMapEnv    `json:"mountToEnvs,omitempty" doc:"Keys as environment variables."`
	Data        map[string]string `json:"data,omitempty" doc:"Its content."`
}

// ConfigMapEnv is a key that becomes an environment variable.
type ConfigMapEnv struct {
	EnvName      string `json:"envName" schema:"required,minLength=1" doc:"Name of the variable."`
	ConfigMapKey string `json:"configMapKey" schema:"required,minLength=1" doc:"Key in the ConfigMap."`
}

// StorageSecret is a Secret that pods read as files or as environment variables.
type StorageSecret struct {
	StorageFiles
	MountToEnv  *SecretEnv        `json:"mountToEnv,omitempty" doc:"A key as an environment variable."`
	MountToEnvs []SecretEnv       `json:"mountToEnvs,omitempty" doc:"Keys as environment variables."`
	Data        map[string]string `json:"data,omitempty" doc:"Its content in base64."`
	StringData  map[string]string `json:"stringData,omitempty" doc:"Its content as text; wins over data."`
}

// SecretEnv is a key that becomes an environment variable.
type SecretEnv struct {
	EnvName   string `json:"envName" schema:"required,minLength=1" doc:"Name of the variable."`
	SecretKey string `json:"secretKey" schema:"required,minLength=1" doc:"Key in the Secret."`
}

// StoragePVC is a claim that pods mount.
type StoragePVC struct {
	Mount
	MountOnly        bool          `json:"mountOnly,omitempty" schema:"default=false" doc:"The claim is somebody else's: it is mounted and not made."`
	VolumeMode       string        `json:"volumeMode,omitempty" schema:"enum=Filesystem|Block,default=Filesystem" doc:"Files, or a device at mountPath."`
	VolumeName       string        `json:"volumeName,omitempty" doc:"Name of the PersistentVolume."`
	AccessModes      []string      `json:"accessModes,omitempty" doc:"How it can be mounted; ReadWriteOnce without it."`
	StorageClassName string        `json:"storageClassName,omitempty" doc:"Class of the storage."`
	Resources        *PVCResources `json:"resources,omitempty" doc:"Size; 8Gi without it."`
	DataSourceRef    *DataSource   `json:"dataSourceRef,omitempty" doc:"What it is filled from."`
	DataSource       *DataSource   `json:"dataSource,omitempty" doc:"Older form of dataSourceRef."`
	Selector         *PVSelector   `json:"selector,omitempty" doc:"Which PersistentVolumes it can have."`
}

// PVCResources are the sizes of a claim.
type PVCResources struct {
	Requests PVCSize  `json:"requests" schema:"required" doc:"The least size."`
	Limits   *PVCSize `json:"limits,omitempty" doc:"The greatest size."`
}

// PVCSize is an amount of storage.
type PVCSize struct {
	Storage string `json:"storage" schema:"required,minLength=1" doc:"Such as 8Gi."`
}

// DataSource is an object that a claim is filled from.
type DataSource struct {
	Name     string `json:"name" schema:"required,minLength=1" doc:"Name of the object."`
	Kind     string `json:"kind" schema:"required,minLength=1" doc:"Kind of the object."`
	APIGroup string `json:"apiGroup" schema:"required" doc:"API group of the object."`
}

// PVSelector selects PersistentVolumes by their labels.
type PVSelector struct {
	MatchLabels      map[string]string `json:"matchLabels,omitempty" doc:"Labels and their values."`
	MatchExpressions []PVExpression    `json:"matchExpressions,omitempty" doc:"Conditions on labels."`
}

// PVExpression is a condition on a label.
type PVExpression struct {
	Key      string   `json:"key" schema:"required,minLength=1" doc:"Name of the label."`
	Operator string   `json:"operator" schema:"required,enum=In|NotIn|Exists|DoesNotExist" doc:"How it is compared."`
	Values   []string `json:"values,omitempty" doc:"What it is compared with."`
}

// StorageHostPath mounts a path of the node.
type StorageHostPath struct {
	Mount
	Path string `json:"path" schema:"required,minLength=1" doc:"Path on the node."`
	Type string `json:"type,omitempty" schema:"enum=Directory|DirectoryOrCreate|FileOrCreate|File|Socket|CharDevice|BlockDevice,default=Directory" doc:"What is expected at the path."`
}

const (
	defaultClaimSize = "8Gi"
	// longestVolume is the most characters that the name of a volume has.
	longestVolume = validation.DNS1123LabelMaxLength
)

func storage() Trait {
	p := parametersOf[Storage]("storage")
	return Trait{
		Name:    "storage",
		Summary: "Gives pods volumes, and ConfigMaps and Secrets that are part of the version.",
		Kinds:   []string{kindDeployment, kindStatefulSet, kindDaemonSet},
		Schema:  p.schema,
		Check:   p.check,
		Render: func(at string, _ Scope, properties *runtime.RawExtension, workload *unstructured.Unstructured) ([]Output, error) {
			params, faults := p.decode(at, properties)
			if len(faults) > 0 {
				return nil, errors.Join(faults...)
			}
			if err := params.equip(at, workload); err != nil {
				return nil, err
			}
			return params.objects()
		},
		// Pods don't start without what they mount, so the workload tells.
		Health: func(Seen) Health { return Health{Healthy: true} },
	}
}

// Check reports names that no object or volume can have, and volumes that are there twice.
func (s Storage) Check(at string) []error {
	var faults []error
	for _, v := range s.volumes() {
		where := schema.Index(schema.Join(at, v.list), v.index) + ".name"
		if len(validation.IsDNS1123Subdomain(v.object)) > 0 {
			faults = append(faults, schema.Faultf(where, "%s is no name for objects; write a-z, 0-9 and dashes", quoted(v.object)))
			continue
		}
		if problems := validation.IsDNS1123Label(v.name); len(problems) > 0 {
			faults = append(faults, schema.Faultf(where, "%s makes the volume %s, whose name is no label; write at most %d of a-z, 0-9 and dashes",
				quoted(v.object), quoted(v.name), longestVolume-len(v.name)+len(v.object)))
		}
	}
	made := map[string]string{}
	for i, c := range s.ConfigMap {
		faults = append(faults, once(made, schema.Index(schema.Join(at, "configMap"), i), "ConfigMap", c.Name, c.MountOnly)...)
		faults = append(faults, checkKeys(schema.Index(schema.Join(at, "configMap"), i)+".data", c.Data)...)
	}
	for i, c := range s.Secret {
		where := schema.Index(schema.Join(at, "secret"), i)
		faults = append(faults, once(made, where, "Secret", c.Name, c.MountOnly)...)
		faults = append(faults, checkKeys(where+".data", c.Data)...)
		faults = append(faults, checkKeys(where+".stringData", c.StringData)...)
		for _, key := range slices.Sorted(maps.Keys(c.Data)) {
			if _, err := base64.StdEncoding.DecodeString(c.Data[key]); err != nil {
				faults = append(faults, schema.Faultf(schema.Join(where+".data", key), "is not base64; write the text itself into stringData"))
			}
		}
	}
	for i, c := range s.PVC {
		where := schema.Index(schema.Join(at, "pvc"), i)
		faults = append(faults, once(made, where, "PersistentVolumeClaim", c.Name, c.MountOnly)...)
		if c.Resources != nil {
			faults = append(faults, checkQuantity(where+".resources.requests.storage", c.Resources.Requests.Storage, defaultClaimSize)...)
			if c.Resources.Limits != nil {
				faults = append(faults, checkQuantity(where+".resources.limits.storage", c.Resources.Limits.Storage, defaultClaimSize)...)
			}
		}
	}
	return faults
}

// once reports an object that is made twice.
func once(made map[string]string, at, kind, name string, mountOnly bool) []error {
	if mountOnly {
		return nil
	}
	if first, repeated := made[kind+"/"+name]; repeated {
		return []error{schema.Faultf(at+".name", "the %s %s is made by %s already; set mountOnly here, or give it another name", kind, quoted(name), first)}
	}
	made[kind+"/"+name] = at
	return nil
}

func checkKeys(at string, data map[string]string) []error {
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(data)) {
		if len(validation.IsConfigMapKey(key)) > 0 {
			faults = append(faults, schema.Faultf(at, "%s is no key; write letters, digits, dashes, dots and underscores, at most 253", quoted(key)))
		}
	}
	return faults
}
