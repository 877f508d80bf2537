// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package traffic

import (
	"fmt"
	"maps"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// Services gives the writes that make both versions' Services as they should be. The new version's is owned by the stable
// one's, so they go together. No route owns them: whoever removes a canary route takes no backend from a router that has not
// heard of it yet.
func Services(t Target, live Objects, want Intent) []Write {
	var writes []Write
	for _, s := range []struct {
		name, hash string
		is         *corev1.Service
	}{
		{StableService(t.Service), want.StableHash, live.Stable},
		{CanaryService(t.Service), want.CanaryHash, live.Canary},
	} {
		if s.is == nil {
			create := Write{What: "create Service " + s.name, Create: newService(t, live.Service, s.name, s.hash)}
			if s.name != StableService(t.Service) {
				create.OwnedBy = StableService(t.Service)
			}
			writes = append(writes, create)
			continue
		}
		ops := repair(t, s.is, live.Service, s.hash)
		if s.is == live.Canary {
			ops = append(ops, adopt(s.is, live.Stable)...)
		}
		if len(ops) > 0 {
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
	selector[t.versionLabel()] = hash
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
func repair(t Target, is, user *corev1.Service, hash string) []Op {
	var ops []Op
	if at, path := t.Selected(is), "/spec/selector/"+t.versionLabel(); at != hash {
		ops = append(ops, Op{"test", path, at}, Op{"replace", path, hash})
	}
	if want := ports(user); !equality.Semantic.DeepEqual(want, ports(is)) {
		ops = append(ops, Op{"test", "/spec/ports", is.Spec.Ports}, Op{"replace", "/spec/ports", want})
	}
	return ops
}

// adopt gives the operations that make the stable version's Service the owner of the new version's.
func adopt(canary, stable *corev1.Service) []Op {
	if stable == nil || Owned(canary, stable) {
		return nil
	}
	refs := []metav1.OwnerReference{OwnerReference(stable)}
	if len(canary.OwnerReferences) == 0 {
		return []Op{{"add", "/metadata/ownerReferences", refs}}
	}
	return []Op{{"test", "/metadata/ownerReferences", canary.OwnerReferences}, {"replace", "/metadata/ownerReferences", refs}}
}

// Owned says that the new version's Service goes with the stable one's, and with nothing else.
func Owned(canary, stable *corev1.Service) bool {
	return len(canary.OwnerReferences) == 1 && canary.OwnerReferences[0].UID == stable.UID
}

// OwnerReference names the stable version's Service as an owner.
func OwnerReference(stable *corev1.Service) metav1.OwnerReference {
	return metav1.OwnerReference{APIVersion: "v1", Kind: "Service", Name: stable.Name, UID: stable.UID}
}

// withoutServices gives the write that leaves none of ours.
func withoutServices(t Target, live Objects) []Write {
	if !left(t, live.Stable) {
		return nil
	}
	return []Write{{What: "delete Service " + live.Stable.Name + ", and with it that of the new version", Delete: live.Stable}}
}

// left says that the stable version's Service is there, stays, and was made for this Rollout.
func left(t Target, stable *corev1.Service) bool {
	return stable != nil && stable.DeletionTimestamp == nil && stable.Labels[v1beta1.LabelRolloutName] == t.Rollout
}

// MissingService is a sentence about a Service by which no release can be routed, or about one of somebody else with a name
// that the release needs; empty when nothing is in the way.
func MissingService(t Target, live Objects) string {
	switch {
	case live.Service == nil:
		return fmt.Sprintf("the Service %s named in %s.service does not exist in namespace %s; create it or correct the name", t.Service, t.At, t.Namespace)
	case len(live.Service.Spec.Selector) == 0:
		return fmt.Sprintf("the Service %s named in %s.service has no selector, so its versions can't be told apart; give it one", t.Service, t.At)
	}
	for _, s := range []*corev1.Service{live.Stable, live.Canary} {
		if s != nil && s.Labels[v1beta1.LabelRolloutName] != t.Rollout {
			return Taken("Service", s)
		}
	}
	return ""
}

// Taken is the sentence about an object of somebody else with a name that the release needs.
func Taken(kind string, o metav1.Object) string {
	if other := o.GetLabels()[v1beta1.LabelRolloutName]; other != "" {
		return fmt.Sprintf("the %s %s/%s is there for the release of the Rollout %s; this one goes on when that is over", kind, o.GetNamespace(), o.GetName(), other)
	}
	return fmt.Sprintf("the %s %s/%s is not of this Rollout, which needs the name; rename or delete it", kind, o.GetNamespace(), o.GetName())
}

// Foreign says that the Services of both versions are there for the release of another Rollout, and so is whatever leads there.
func Foreign(t Target, live Objects) bool {
	return live.Stable != nil && live.Stable.Labels[v1beta1.LabelRolloutName] != t.Rollout
}

// ObserveServices is the part of a State that is about Services.
func ObserveServices(t Target, live Objects) State {
	if Foreign(t, live) {
		return State{}
	}
	s := State{
		StableHash: t.Selected(live.Stable), CanaryHash: t.Selected(live.Canary), AnyService: left(t, live.Stable),
		StableEndpoints: live.StableEndpoints, CanaryEndpoints: live.CanaryEndpoints,
	}
	// What still belongs to something else may go with that at any time.
	s.Services = s.StableHash != "" && s.CanaryHash != "" && Owned(live.Canary, live.Stable)
	return s
}
