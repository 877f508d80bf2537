// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// Services gives the writes that make both versions' Services as they should be. owner is the UID of the canary route,
// empty while that is to be created in the same plan.
func Services(t Target, live Objects, want Intent, owner types.UID) []Write {
	var writes []Write
	for _, s := range []struct {
		name, hash string
		is         *corev1.Service
	}{
		{CanaryService(t.Service), want.CanaryHash, live.Canary},
		{StableService(t.Service), want.StableHash, live.Stable},
	} {
		if s.is == nil {
			writes = append(writes, Write{What: "create Service " + s.name, Create: newService(t, live.Service, s.name, s.hash), OwnedByCanary: true})
			continue
		}
		if ops := repair(s.is, live.Service, s.hash, owner); len(ops) > 0 {
			writes = append(writes, Write{What: "patch Service " + s.name, Patch: &Patch{Object: s.is, Ops: ops}})
		}
	}
	return writes
}

// newService copies what matters of the user's Service to one that selects a single version. What a cluster allocates or
// exposes to the outside is not copied.
func newService(t Target, user *corev1.Service, name, hash string) *corev1.Service {
	selector := map[string]string{}
	maps.Copy(selector, user.Spec.Selector)
	selector[LabelVersion] = hash
	s := &corev1.Service{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: t.Namespace, Name: name,
			Labels: map[string]string{v1beta1.LabelRolloutName: t.Rollout},
		},
		Spec: corev1.ServiceSpec{
			Type: corev1.ServiceTypeClusterIP, Selector: selector, Ports: ports(user),
			SessionAffinity: user.Spec.SessionAffinity, SessionAffinityConfig: user.Spec.SessionAffinityConfig.DeepCopy(),
			PublishNotReadyAddresses: user.Spec.PublishNotReadyAddresses,
		},
	}
	if user.Spec.ClusterIP == corev1.ClusterIPNone {
		s.Spec.ClusterIP = corev1.ClusterIPNone
	}
	for k, v := range user.Annotations {
		// Annotations of routers are about how to speak to the pods; others are about the user's object.
		if strings.HasPrefix(k, "nginx.ingress.kubernetes.io/") || strings.HasPrefix(k, "traefik.ingress.kubernetes.io/") {
			metav1.SetMetaDataAnnotation(&s.ObjectMeta, k, v)
		}
	}
	return s
}

func ports(user *corev1.Service) []corev1.ServicePort {
	out := make([]corev1.ServicePort, 0, len(user.Spec.Ports))
	for _, p := range user.Spec.Ports {
		p = *p.DeepCopy()
		p.NodePort = 0
		out = append(out, p)
	}
	return out
}

// repair gives the operations that lead a Service of ours back to what it should be.
func repair(is, user *corev1.Service, hash string, owner types.UID) []Op {
	var ops []Op
	if at := is.Spec.Selector[LabelVersion]; at != hash {
		ops = append(ops, Op{"test", "/spec/selector/" + LabelVersion, at}, Op{"replace", "/spec/selector/" + LabelVersion, hash})
	}
	if want := ports(user); !equality.Semantic.DeepEqual(want, ports(is)) {
		ops = append(ops, Op{"test", "/spec/ports", is.Spec.Ports}, Op{"replace", "/spec/ports", want})
	}
	if owner != "" && len(is.OwnerReferences) == 1 && is.OwnerReferences[0].UID != owner {
		ops = append(ops, Op{"test", "/metadata/ownerReferences/0/uid", string(is.OwnerReferences[0].UID)},
			Op{"replace", "/metadata/ownerReferences/0/uid", string(owner)})
	}
	return ops
}
