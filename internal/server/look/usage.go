// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package look

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// usagePatience bounds how long a page waits for what a pod uses, which is nice to know.
const usagePatience = time.Second

// usage is what the containers of a pod use now, by the resource metrics of the cluster. It is empty where they are not served, have
// nothing of the pod yet, or are not for the person.
func usage(ctx context.Context, reader client.Reader, namespace, pod string) (cpu, memory string) {
	ctx, cancel := context.WithTimeout(ctx, usagePatience)
	defer cancel()
	metrics := &unstructured.Unstructured{}
	metrics.SetGroupVersionKind(schema.GroupVersionKind{Group: "metrics.k8s.io", Version: "v1beta1", Kind: "PodMetrics"})
	if err := reader.Get(ctx, client.ObjectKey{Namespace: namespace, Name: pod}, metrics); err != nil {
		return "", ""
	}
	return used(metrics.Object)
}

// used adds up what the containers of a PodMetrics use: thousandths of a CPU, and MiB. Of one that cannot be read nothing is told.
func used(metrics map[string]any) (cpu, memory string) {
	containers, _, err := unstructured.NestedSlice(metrics, "containers")
	if err != nil || len(containers) == 0 {
		return "", ""
	}
	total := map[string]*resource.Quantity{"cpu": {}, "memory": {}}
	for _, c := range containers {
		container, _ := c.(map[string]any)
		for name, sum := range total {
			text, _, _ := unstructured.NestedString(container, "usage", name)
			one, err := resource.ParseQuantity(text)
			if err != nil {
				return "", ""
			}
			sum.Add(one)
		}
	}
	const mebibyte = 1 << 20
	return fmt.Sprintf("%dm", total["cpu"].MilliValue()), fmt.Sprintf("%dMi", (total["memory"].Value()+mebibyte-1)/mebibyte)
}
