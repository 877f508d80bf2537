// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package ingress

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/traffic"
)

const (
	prefix           = "nginx.ingress.kubernetes.io/"
	annotationCanary = prefix + "canary"
	annotationWeight = prefix + "canary-weight"
	annotationClass  = "kubernetes.io/ingress.class"
)

// Router is the traffic.Router for Ingresses.
type Router struct{}

var _ traffic.Router = Router{}

// CanaryName names the canary Ingress of an Ingress.
func CanaryName(ingress string) string { return ingress + "-canary" }

// Plan implements traffic.Router. What grows comes first: the canary Ingress before the user's Ingress leads to the stable
// version alone, the user's Ingress back before the canary Ingress goes.
func (Router) Plan(t traffic.Target, live traffic.Objects, want traffic.Intent) ([]traffic.Write, error) {
	if !want.Canary {
		return take(t, live), nil
	}
	if problem := missing(t, live); problem != "" {
		return nil, errors.New(problem)
	}
	var writes []traffic.Write
	desired, err := canary(t, live.Ingress, want)
	if err != nil {
		return nil, err
	}
	is := live.CanaryIngress
	if is == nil {
		writes = append(writes, traffic.Write{What: fmt.Sprintf("create Ingress %s with weight %d", desired.Name, want.Weight), Create: desired})
	} else if ops := follow(is, desired); len(ops) > 0 {
		writes = append(writes, traffic.Write{What: "bring Ingress " + is.Name + " in step with " + t.Route, Patch: &traffic.Patch{Object: is, Ops: ops}})
	}
	from, to := t.Service, traffic.StableService(t.Service)
	if !want.Switched {
		from, to = to, from
	}
	if ops := lead(live.Ingress, from, to, want.Switched); len(ops) > 0 {
		writes = append(writes, traffic.Write{What: fmt.Sprintf("lead Ingress %s from Service %s to %s", t.Route, from, to), Patch: &traffic.Patch{Object: live.Ingress, Ops: ops}})
	}
	if ops := share(is, desired); len(ops) > 0 {
		writes = append(writes, traffic.Write{What: fmt.Sprintf("weight %d%s", want.Weight, matching(want.Matches)), Patch: &traffic.Patch{Object: is, Ops: ops}})
	}
	return writes, nil
}

// take gives the writes that leave nothing of ours.
func take(t traffic.Target, live traffic.Objects) []traffic.Write {
	var writes []traffic.Write
	if live.Ingress != nil {
		if ops := lead(live.Ingress, traffic.StableService(t.Service), t.Service, false); len(ops) > 0 {
			writes = append(writes, traffic.Write{What: "lead Ingress " + t.Route + " back to Service " + t.Service, Patch: &traffic.Patch{Object: live.Ingress, Ops: ops}})
		}
	}
	if is := live.CanaryIngress; is != nil && is.DeletionTimestamp == nil && is.Labels[rollouts.LabelRolloutName] == t.Rollout {
		writes = append(writes, traffic.Write{What: "delete Ingress " + is.Name, Delete: is})
	}
	return writes
}

// missing is a sentence about what is in the way of a release; empty when one can be routed.
func missing(t traffic.Target, live traffic.Objects) string {
	if problem := traffic.MissingService(t, live); problem != "" {
		return problem
	}
	switch {
	case live.Ingress == nil:
		return fmt.Sprintf("the Ingress %s named in %s.ingress.name does not exist in namespace %s; create it or correct the name", t.Route, t.At, t.Namespace)
	case !leads(live.Ingress, t.Service) && !leads(live.Ingress, traffic.StableService(t.Service)):
		return fmt.Sprintf("no path of the Ingress %s leads to the Service %s; correct %s.service or the Ingress", t.Route, t.Service, t.At)
	case live.CanaryIngress != nil && live.CanaryIngress.Labels[rollouts.LabelRolloutName] != t.Rollout:
		return traffic.Taken("Ingress", live.CanaryIngress)
	}
	return ""
}

// canary gives the canary Ingress: the same hosts, paths, class and certificates, as far as they lead to the released
// Service, and the annotations that say how to speak to it.
func canary(t traffic.Target, user *networkingv1.Ingress, want traffic.Intent) (*networkingv1.Ingress, error) {
	rules, err := Annotations(want.Matches)
	if err != nil {
		return nil, err
	}
	out := &networkingv1.Ingress{
		TypeMeta: metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "Ingress"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: t.Namespace, Name: CanaryName(t.Route),
			Labels:      map[string]string{rollouts.LabelRolloutName: t.Rollout},
			Annotations: map[string]string{},
		},
		Spec: networkingv1.IngressSpec{IngressClassName: user.Spec.IngressClassName, TLS: slices.Clone(user.Spec.TLS)},
	}
	for k, v := range user.Annotations {
		if (strings.HasPrefix(k, prefix) || k == annotationClass) && !strings.HasPrefix(k, annotationCanary) {
			out.Annotations[k] = v
		}
	}
	out.Annotations[annotationCanary] = "true"
	out.Annotations[annotationWeight] = strconv.Itoa(int(want.Weight))
	maps.Copy(out.Annotations, rules)
	out.Annotations[plan.AnnotationPrepare] = traffic.StableService(t.Service)
	names := []string{t.Service, traffic.StableService(t.Service)}
	swap := func(b *networkingv1.IngressBackend) bool {
		if b == nil || b.Service == nil || !slices.Contains(names, b.Service.Name) {
			return false
		}
		b.Service.Name = traffic.CanaryService(t.Service)
		return true
	}
	spec := user.Spec.DeepCopy()
	if swap(spec.DefaultBackend) {
		out.Spec.DefaultBackend = spec.DefaultBackend
	}
	for _, rule := range spec.Rules {
		if rule.HTTP == nil {
			continue
		}
		rule.HTTP.Paths = slices.DeleteFunc(rule.HTTP.Paths, func(p networkingv1.HTTPIngressPath) bool { return !swap(&p.Backend) })
		if len(rule.HTTP.Paths) > 0 {
			out.Spec.Rules = append(out.Spec.Rules, rule)
		}
	}
	return out, nil
}

// share gives the operations that make the canary Ingress lead the wanted requests to the new version; all in one write, so
// that none is led by a half of it.
func share(is, desired *networkingv1.Ingress) []traffic.Op {
	if is == nil {
		return nil
	}
	var ops []traffic.Op
	for _, k := range slices.Concat([]string{annotationWeight}, ruleAnnotations()) {
		was, has := is.Annotations[k]
		value, wanted := desired.Annotations[k]
		switch {
		case wanted && (!has || was != value):
			ops = append(ops, set(is.Annotations, k, value)...)
		case has && !wanted:
			ops = append(ops, traffic.Op{Op: "test", Path: annotationPath(k), Value: was}, traffic.Op{Op: "remove", Path: annotationPath(k)})
		}
	}
	return ops
}

// follow gives the operations that bring the canary Ingress in step with the user's: all of its spec, and the annotations
// that are copied. What leads requests is not among them.
func follow(is, desired *networkingv1.Ingress) []traffic.Op {
	var ops []traffic.Op
	if !equality.Semantic.DeepEqual(is.Spec, desired.Spec) {
		ops = append(ops, traffic.Op{Op: "test", Path: "/spec", Value: is.Spec}, traffic.Op{Op: "replace", Path: "/spec", Value: desired.Spec})
	}
	for _, k := range slices.Sorted(maps.Keys(desired.Annotations)) {
		if !leading(k) && is.Annotations[k] != desired.Annotations[k] {
			ops = append(ops, set(is.Annotations, k, desired.Annotations[k])...)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(is.Annotations)) {
		if _, wanted := desired.Annotations[k]; !wanted && !leading(k) && (strings.HasPrefix(k, prefix) || k == annotationClass) {
			ops = append(ops, traffic.Op{Op: "remove", Path: annotationPath(k)})
		}
	}
	return ops
}

// lead gives the operations that rename the backends of the user's Ingress from one Service to another, and mark or unmark
// the fields as held. They touch nothing else.
func lead(user *networkingv1.Ingress, from, to string, hold bool) []traffic.Op {
	var ops []traffic.Op
	var fields []string
	rename := func(b *networkingv1.IngressBackend, path, field string) {
		if b == nil || b.Service == nil || b.Service.Name != from && (!hold || b.Service.Name != to) {
			return
		}
		if !slices.Contains(fields, field) {
			fields = append(fields, field)
		}
		if b.Service.Name == from {
			ops = append(ops, traffic.Op{Op: "test", Path: path + "/service/name", Value: from}, traffic.Op{Op: "replace", Path: path + "/service/name", Value: to})
		}
	}
	for i := range user.Spec.Rules {
		if user.Spec.Rules[i].HTTP == nil {
			continue
		}
		for j := range user.Spec.Rules[i].HTTP.Paths {
			rename(&user.Spec.Rules[i].HTTP.Paths[j].Backend, fmt.Sprintf("/spec/rules/%d/http/paths/%d/backend", i, j), "spec.rules")
		}
	}
	rename(user.Spec.DefaultBackend, "/spec/defaultBackend", "spec.defaultBackend")
	held, marked := user.Annotations[v1beta1.AnnotationHeldFields]
	want := strings.Join(fields, ",")
	switch {
	case hold && want != "" && held != want:
		ops = append(ops, set(user.Annotations, v1beta1.AnnotationHeldFields, want)...)
	case !hold && marked:
		ops = append(ops, traffic.Op{Op: "remove", Path: annotationPath(v1beta1.AnnotationHeldFields)})
	}
	return ops
}

// set gives the operations that set one annotation.
func set(annotations map[string]string, key, value string) []traffic.Op {
	if len(annotations) == 0 {
		return []traffic.Op{{Op: "add", Path: "/metadata/annotations", Value: map[string]string{key: value}}}
	}
	if was, there := annotations[key]; there {
		return []traffic.Op{{Op: "test", Path: annotationPath(key), Value: was}, {Op: "replace", Path: annotationPath(key), Value: value}}
	}
	return []traffic.Op{{Op: "add", Path: annotationPath(key), Value: value}}
}

// annotationPath is the JSON pointer (RFC 6901) of an annotation.
func annotationPath(key string) string {
	return "/metadata/annotations/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// leads says whether some backend of the Ingress is the Service.
func leads(user *networkingv1.Ingress, service string) bool {
	is := func(b *networkingv1.IngressBackend) bool {
		return b != nil && b.Service != nil && b.Service.Name == service
	}
	if is(user.Spec.DefaultBackend) {
		return true
	}
	for i := range user.Spec.Rules {
		if user.Spec.Rules[i].HTTP == nil {
			continue
		}
		for j := range user.Spec.Rules[i].HTTP.Paths {
			if is(&user.Spec.Rules[i].HTTP.Paths[j].Backend) {
				return true
			}
		}
	}
	return false
}

// ReleasedService names the user's Service of which the Ingress is a canary of ours; empty for any other Ingress.
func ReleasedService(i *networkingv1.Ingress) string {
	if i.Annotations[annotationCanary] != "true" || i.Labels[rollouts.LabelRolloutName] == "" {
		return ""
	}
	name := ""
	if b := i.Spec.DefaultBackend; b != nil && b.Service != nil {
		name = b.Service.Name
	}
	for _, rule := range i.Spec.Rules {
		if rule.HTTP != nil && len(rule.HTTP.Paths) > 0 && rule.HTTP.Paths[0].Backend.Service != nil {
			name = rule.HTTP.Paths[0].Backend.Service.Name
		}
	}
	return strings.TrimSuffix(name, traffic.CanaryService(""))
}
