// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apptest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/internal/manager"
)

// cloneSets stands for the controller of OpenKruise's CloneSets, as far as a release needs it: revisions, a partition that may be
// a percentage, pods that are asked to go, maxUnavailable, and the strategy ReCreate
// (github.com/openkruise/kruise, pkg/controller/cloneset).
type cloneSets struct {
	client client.WithWatch
}

// clone is what it reads of a CloneSet.
type clone struct {
	Spec struct {
		Replicas       int                    `json:"replicas"`
		Template       corev1.PodTemplateSpec `json:"template"`
		UpdateStrategy struct {
			Partition      *intstr.IntOrString `json:"partition"`
			MaxUnavailable int                 `json:"maxUnavailable"`
			Paused         bool                `json:"paused"`
		} `json:"updateStrategy"`
	} `json:"spec"`
	Status struct {
		CurrentRevision string `json:"currentRevision"`
	} `json:"status"`
}

// runCloneSets runs it until stop is called.
func runCloneSets(t *testing.T, config *rest.Config) (stop func()) {
	t.Helper()
	scheme, err := manager.Scheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.NewWithWatch(config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	woken, s := make(chan struct{}, 1), cloneSets{c}
	sets, pods := &unstructured.UnstructuredList{}, &corev1.PodList{}
	sets.SetGroupVersionKind(cloneSetKind())
	for _, list := range []client.ObjectList{sets, pods} {
		w, err := c.Watch(ctx, list, client.InNamespace(clonesNamespace))
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() {
			for range w.ResultChan() {
				select {
				case woken <- struct{}{}:
				default:
				}
			}
		})
	}
	all.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-woken:
			}
			if err := s.sync(ctx); err != nil && ctx.Err() == nil {
				if !apierrors.IsConflict(err) {
					t.Errorf("the controller of CloneSets: %v", err)
				}
				select {
				case woken <- struct{}{}:
				default:
				}
			}
		}
	})
	return sync.OnceFunc(func() { cancel(); all.Wait() })
}

// sync makes one kind of change at a time, and tells the status.
func (s cloneSets) sync(ctx context.Context) error {
	is := &unstructured.Unstructured{}
	is.SetGroupVersionKind(cloneSetKind())
	if err := s.client.Get(ctx, types.NamespacedName{Namespace: clonesNamespace, Name: "web"}, is); err != nil {
		return client.IgnoreNotFound(err)
	}
	view := clone{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(is.Object, &view); err != nil {
		return err
	}
	update, err := s.revision(ctx, is, view.Spec.Template)
	if err != nil {
		return err
	}
	current, template := update, view.Spec.Template
	if view.Status.CurrentRevision != "" {
		if current, template, err = s.recorded(ctx, view.Status.CurrentRevision); err != nil {
			return err
		}
	}
	pods, err := listClones(ctx, s.client)
	if err != nil {
		return err
	}
	if current, err = s.tell(ctx, is, view, pods, current, update); err != nil {
		return err
	}
	keep, err := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(view.Spec.UpdateStrategy.Partition, intstr.FromInt32(0)), view.Spec.Replicas, true)
	if err != nil {
		return err
	}
	old := func(p corev1.Pod) bool { return p.Labels[appsv1.ControllerRevisionHashLabelKey] != update }
	n, lack := count(pods, old), view.Spec.Replicas-len(pods)
	for i := range lack {
		revision, of := update, view.Spec.Template
		if i < keep-n {
			revision, of = current, template
		}
		if err := s.make(ctx, is, revision, of); err != nil {
			return err
		}
	}
	if lack > 0 {
		return nil
	}
	return s.replace(ctx, view, pods, n-keep, old)
}

func count(pods []corev1.Pod, is func(corev1.Pod) bool) (n int) {
	for _, p := range pods {
		if is(p) {
			n++
		}
	}
	return n
}

const asked = "apps.kruise.io/specified-delete"

// replace deletes pods that were asked to go, or asks as many as are beyond the partition; never more than may be missing.
func (s cloneSets) replace(ctx context.Context, view clone, pods []corev1.Pod, beyond int, old func(corev1.Pod) bool) error {
	may := view.Spec.UpdateStrategy.MaxUnavailable - count(pods, func(p corev1.Pod) bool { return !podReady(&p) })
	slices.SortStableFunc(pods, func(a, b corev1.Pod) int {
		if podReady(&a) != podReady(&b) {
			return map[bool]int{false: -1, true: 1}[podReady(&a)]
		}
		return b.CreationTimestamp.Compare(a.CreationTimestamp.Time)
	})
	gone := false
	for i := range pods {
		if p := &pods[i]; p.Labels[asked] != "" && (!podReady(p) || may > 0) {
			if podReady(p) {
				may--
			}
			if err := s.client.Delete(ctx, p); client.IgnoreNotFound(err) != nil {
				return err
			}
			gone = true
		}
	}
	for i := range pods {
		p := &pods[i]
		if gone || beyond <= 0 || view.Spec.UpdateStrategy.Paused {
			return nil
		}
		if !old(*p) || p.Labels[asked] != "" || podReady(p) && may <= 0 {
			continue
		}
		patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"`+asked+`":"true"}}}`))
		if err := s.client.Patch(ctx, p, patch); err != nil {
			return client.IgnoreNotFound(err)
		}
		beyond, may = beyond-1, may-1
	}
	return nil
}

// tell writes the status, and gives the current revision that is in it.
func (s cloneSets) tell(ctx context.Context, is *unstructured.Unstructured, view clone, pods []corev1.Pod, current, update string) (string, error) {
	ready := count(pods, func(p corev1.Pod) bool { return podReady(&p) })
	updated := count(pods, func(p corev1.Pod) bool { return p.Labels[appsv1.ControllerRevisionHashLabelKey] == update })
	if updated == len(pods) && updated == view.Spec.Replicas {
		current = update
	}
	status := map[string]any{
		"observedGeneration": is.GetGeneration(), "currentRevision": current, "updateRevision": update, "replicas": int64(len(pods)),
		"readyReplicas": int64(ready), "availableReplicas": int64(ready), "updatedReplicas": int64(updated),
	}
	if was, _, err := unstructured.NestedMap(is.Object, "status"); err == nil && fmt.Sprint(was) == fmt.Sprint(status) {
		return current, nil
	}
	is.Object["status"] = status
	return current, s.client.Status().Update(ctx, is)
}

// revision records a template, and gives the name of its revision.
func (s cloneSets) revision(ctx context.Context, is *unstructured.Unstructured, template corev1.PodTemplateSpec) (string, error) {
	data, err := json.Marshal(map[string]any{"spec": map[string]any{"template": template}})
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	r := &appsv1.ControllerRevision{
		ObjectMeta: metav1.ObjectMeta{Namespace: clonesNamespace, Name: "web-" + hex.EncodeToString(sum[:5]), Labels: template.Labels,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(is, cloneSetKind())}},
		Data: runtime.RawExtension{Raw: data}, Revision: 1,
	}
	if err := s.client.Create(ctx, r); err != nil && !apierrors.IsAlreadyExists(err) {
		return "", err
	}
	return r.Name, nil
}

func (s cloneSets) recorded(ctx context.Context, name string) (string, corev1.PodTemplateSpec, error) {
	r := &appsv1.ControllerRevision{}
	var data struct {
		Spec struct {
			Template corev1.PodTemplateSpec `json:"template"`
		} `json:"spec"`
	}
	if err := s.client.Get(ctx, types.NamespacedName{Namespace: clonesNamespace, Name: name}, r); err != nil {
		return "", data.Spec.Template, err
	}
	err := json.Unmarshal(r.Data.Raw, &data)
	return name, data.Spec.Template, err
}

func (s cloneSets) make(ctx context.Context, is *unstructured.Unstructured, revision string, template corev1.PodTemplateSpec) error {
	p := &corev1.Pod{ObjectMeta: *template.ObjectMeta.DeepCopy(), Spec: template.Spec}
	p.Namespace, p.GenerateName = clonesNamespace, "web-"
	p.Labels[appsv1.ControllerRevisionHashLabelKey], p.Labels[appsv1.DefaultDeploymentUniqueLabelKey] = revision, revision[len("web-"):]
	p.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(is, cloneSetKind())}
	return s.client.Create(ctx, p)
}
