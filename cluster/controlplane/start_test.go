// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controlplane_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/controlplane"
)

func TestAControlPlaneServesAndMakesReplicaSets(t *testing.T) {
	begun := time.Now()
	audit := filepath.Join(t.TempDir(), "audit.log")
	cp, err := controlplane.Start(t.Context(), controlplane.Options{
		DataDir:  t.TempDir(),
		AuditLog: audit,
		WithVela: true,
		Report: func(e component.Event) {
			t.Logf("%5dms %s %s %s", time.Since(begun).Milliseconds(), e.Component, e.State, e.Error)
		},
	})
	if err != nil {
		t.Fatalf("starting: %v", err)
	}
	t.Cleanup(func() {
		if err := cp.Stop(); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
	client, err := kubernetes.NewForConfig(cp.Config)
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{"app": "demo"}
	two := int32(2)
	_, err = client.AppsV1().Deployments("default").Create(t.Context(), &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "demo"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &two,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "demo", Image: "demo:v1"}}},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatalf("creating a Deployment: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err = component.Poll(ctx, 50*time.Millisecond, func(ctx context.Context) error {
		pods, err := client.CoreV1().Pods("default").List(ctx, metav1.ListOptions{})
		if err == nil && len(pods.Items) != 2 {
			err = context.DeadlineExceeded
		}
		return err
	})
	if err != nil {
		t.Errorf("the controllers should have made two pods: %v", err)
	}

	t.Run("bad input is refused by vela's webhook", func(t *testing.T) {
		err := applyApplication(t, cp.Config, "webservise")
		if err == nil || !strings.Contains(err.Error(), "webservise") {
			t.Errorf("got %v, want the unknown type to be named", err)
		}
	})
	t.Run("each request is in the audit log, without its body", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := component.Poll(ctx, 50*time.Millisecond, func(context.Context) error {
			data, err := os.ReadFile(audit)
			if err == nil && !strings.Contains(string(data), `"requestURI":"/apis/apps/v1/namespaces/default/deployments"`) {
				err = errors.New("the Deployment's creation is not in it")
			}
			if strings.Contains(string(data), "requestObject") {
				t.Error("bodies are in it")
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// applyApplication creates one with a component of the given type.
func applyApplication(t *testing.T, cfg *rest.Config, componentType string) error {
	t.Helper()
	client, err := dynamic.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	app := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "core.oam.dev/v1beta1", "kind": "Application",
		"metadata": map[string]any{"name": "demo"},
		"spec": map[string]any{"components": []any{map[string]any{
			"name": "demo", "type": componentType, "properties": map[string]any{"image": "demo:v1"},
		}}},
	}}
	kind := schema.GroupVersionResource{Group: "core.oam.dev", Version: "v1beta1", Resource: "applications"}
	_, err = client.Resource(kind).Namespace("default").Create(t.Context(), app, metav1.CreateOptions{})
	return err
}
