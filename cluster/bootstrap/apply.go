// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package bootstrap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/cluster/component"
)

// fieldOwner owns what velad states about the cluster itself.
const fieldOwner = "velad"

// Objects is the bootstrap component.
type Objects struct {
	kubeconfig func() string
	crds       []fs.FS
	node       *Node
}

var _ component.Component = (*Objects)(nil)

// New returns the objects of a cluster. kubeconfig names the admin's file and
// is asked at the start; crds hold YAML files with one
// CustomResourceDefinition each; node is nil where no node
// runs.
func New(kubeconfig func() string, crds []fs.FS, node *Node) *Objects {
	return &Objects{kubeconfig: kubeconfig, crds: crds, node: node}
}

// Name of the component.
func (*Objects) Name() string { return "objects" }

// Init has nothing to check.
func (*Objects) Init(context.Context) error { return nil }

// Start has nothing to run: the work is done in Ready, which may wait.
func (*Objects) Start(context.Context) error { return nil }

// Stop has nothing to stop: the objects stay.
func (*Objects) Stop(context.Context) error { return nil }

// Ready applies all objects and waits until the API server serves the kinds of vela.
func (o *Objects) Ready(ctx context.Context) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig())
	if err != nil {
		return fmt.Errorf("reading the admin's kubeconfig: %w", err)
	}
	cfg.QPS = -1
	client, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	names, err := o.applyCRDs(ctx, cfg)
	if err != nil {
		return err
	}
	list := common()
	if o.node != nil {
		list = append(list, o.node.objects()...)
	}
	for _, obj := range list {
		if err := apply(ctx, client, obj); err != nil {
			return err
		}
	}
	if o.node != nil {
		if err := applyPod(ctx, client, o.node); err != nil {
			return err
		}
	}
	if err := established(ctx, cfg, names); err != nil {
		return err
	}
	if !slices.Contains(names, gatewayClasses) {
		return nil
	}
	return component.Poll(ctx, 50*time.Millisecond, func(ctx context.Context) error { return apply(ctx, client, gatewayClass()) })
}

// applyPod states the edge's pod. A new namespace needs a moment until it
// has the service account without which no pod is accepted.
func applyPod(ctx context.Context, client kubernetes.Interface, n *Node) error {
	spec, status := n.edgePod()
	return component.Poll(ctx, 50*time.Millisecond, func(ctx context.Context) error {
		if err := apply(ctx, client, spec); err != nil {
			return err
		}
		return apply(ctx, client, status, "status")
	})
}

// object is what is applied, and where.
type object struct {
	group, version, resource, namespace string
	body                                metav1.Object
}

func (o object) path() []string {
	parts := []string{"/apis", o.group, o.version}
	if o.group == "" {
		parts = []string{"/api", o.version}
	}
	if o.namespace != "" {
		parts = append(parts, "namespaces", o.namespace)
	}
	return append(parts, o.resource, o.body.GetName())
}

func apply(ctx context.Context, client kubernetes.Interface, o object, subresource ...string) error {
	data, err := json.Marshal(o.body)
	if err != nil {
		return fmt.Errorf("encoding %s %s: %w", o.resource, o.body.GetName(), err)
	}
	err = client.CoreV1().RESTClient().Patch(types.ApplyPatchType).AbsPath(append(o.path(), subresource...)...).
		Param("fieldManager", fieldOwner).Param("force", "true").
		Body(data).Do(ctx).Error()
	if err != nil {
		return fmt.Errorf("applying %s %s: %w", o.resource, o.body.GetName(), err)
	}
	return nil
}

func (o *Objects) applyCRDs(ctx context.Context, cfg *rest.Config) ([]string, error) {
	client, err := apiextensions.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	var names []string
	for _, crds := range o.crds {
		err := fs.WalkDir(crds, ".", func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			name, err := applyCRD(ctx, client, crds, file)
			names = append(names, name)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

func applyCRD(ctx context.Context, client apiextensions.Interface, crds fs.FS, file string) (string, error) {
	data, err := fs.ReadFile(crds, file)
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", path.Base(file), err)
	}
	var head metav1.PartialObjectMetadata
	if err := yaml.Unmarshal(data, &head); err != nil {
		return "", fmt.Errorf("reading %s: %w", path.Base(file), err)
	}
	force := true
	_, err = client.ApiextensionsV1().CustomResourceDefinitions().Patch(ctx, head.Name, types.ApplyPatchType, data,
		metav1.PatchOptions{FieldManager: fieldOwner, Force: &force})
	if err != nil {
		return "", fmt.Errorf("applying the kind %s: %w", head.Name, err)
	}
	return head.Name, nil
}

// established waits until the API server serves each of the kinds.
func established(ctx context.Context, cfg *rest.Config, names []string) error {
	client, err := apiextensions.NewForConfig(cfg)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	return component.Poll(ctx, 50*time.Millisecond, func(ctx context.Context) error {
		var missing []error
		for _, name := range names {
			crd, err := client.ApiextensionsV1().CustomResourceDefinitions().Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			if !isEstablished(crd) {
				missing = append(missing, fmt.Errorf("%s is not served yet", name))
			}
		}
		return errors.Join(missing...)
	})
}

func isEstablished(crd *apiextensionsv1.CustomResourceDefinition) bool {
	for _, c := range crd.Status.Conditions {
		if c.Type == apiextensionsv1.Established {
			return c.Status == apiextensionsv1.ConditionTrue
		}
	}
	return false
}
