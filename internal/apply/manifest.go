// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// hashOf is the hash of a manifest. The labels that name the revision count only where they steer something, on the
// workload and its Rollout: on any other object a release that changes nothing else would be a write for nothing. So
// there they name the revision that last changed the object.
func hashOf(o *unstructured.Unstructured) (string, error) {
	content := o
	if !steered(o) {
		content = withoutRevision(o)
	}
	raw, err := json.Marshal(content.Object)
	if err != nil {
		return "", fmt.Errorf("hashing %s: %w", Describe(o), err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8]), nil
}

func steered(o *unstructured.Unstructured) bool {
	return o.GetKind() == "Rollout" || o.GetLabels()[v1beta1.LabelResourceType] == v1beta1.ResourceTypeWorkload
}

// withoutRevision is a copy of o without the labels and annotations that change with each revision.
func withoutRevision(o *unstructured.Unstructured) *unstructured.Unstructured {
	c := o.DeepCopy()
	for _, l := range []string{v1beta1.LabelAppRevision, v1beta1.LabelRevisionHash} {
		unstructured.RemoveNestedField(c.Object, "metadata", "labels", l)
	}
	unstructured.RemoveNestedField(c.Object, "metadata", "annotations", v1beta1.AnnotationPublishVersion)
	return c
}

// heldFields are the paths that a release holds on the live object.
func heldFields(live *unstructured.Unstructured) [][]string {
	if live == nil {
		return nil
	}
	var paths [][]string
	for path := range strings.SplitSeq(live.GetAnnotations()[v1beta1.AnnotationHeldFields], ",") {
		if path = strings.TrimSpace(path); path != "" {
			paths = append(paths, strings.Split(path, "."))
		}
	}
	if live.GetAnnotations()[rolloutsv1beta1.AnnotationInProgress] != "" {
		paths = append(paths, []string{"spec", "paused"}, []string{"spec", "strategy"}, []string{"spec", "updateStrategy"})
	}
	return paths
}

// without is a copy of o that lacks the paths.
func without(o *unstructured.Unstructured, paths [][]string) *unstructured.Unstructured {
	c := o.DeepCopy()
	for _, p := range paths {
		unstructured.RemoveNestedField(c.Object, p...)
	}
	return c
}

// holdable says that a release may come to hold fields of o at any moment, so that o is only written as it was seen.
func holdable(o *unstructured.Unstructured) bool {
	if slices.Contains([]string{"Ingress", "HTTPRoute", "GRPCRoute"}, o.GetKind()) {
		return true
	}
	field, workload := map[string]string{"Deployment": "strategy", "StatefulSet": "updateStrategy", "DaemonSet": "updateStrategy"}[o.GetKind()]
	if !workload {
		return false
	}
	_, stated, err := unstructured.NestedFieldNoCopy(o.Object, "spec", field)
	return err == nil && stated
}

// Describe names an object for people: Kind namespace/name.
func Describe(o *unstructured.Unstructured) string {
	if o.GetNamespace() == "" {
		return o.GetKind() + " " + o.GetName()
	}
	return fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())
}
