// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package ingress

import (
	"errors"
	"fmt"
	"iter"
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

// The fields of a user's Ingress that a release holds.
const (
	fieldRules   = "spec.rules"
	fieldDefault = "spec.defaultBackend"
)

// Router is the traffic.Router for Ingresses.
type Router struct{}

var _ traffic.Router = Router{}

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
	if ops := lead(live, from, to, want.Switched); len(ops) > 0 {
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
	if live.Ingress != nil && !traffic.Foreign(t, live) {
		if ops := lead(live, traffic.StableService(t.Service), t.Service, false); len(ops) > 0 {
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
			Namespace: t.Namespace, Name: t.Canary,
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
	if t.Canary != Names(t)[0] {
		out.Annotations[annotationRoute] = t.Route
	}
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
// the fields as held. They touch nothing else. A field that another release on the Ingress holds stays marked.
func lead(live traffic.Objects, from, to string, hold bool) []traffic.Op {
	user := live.Ingress
	held := map[string]bool{}
	for _, other := range live.Others {
		for b := range backends(user) {
			if b.service.Name == traffic.StableService(ReleasedService(other)) {
				held[b.field] = true
			}
		}
	}
	var ops []traffic.Op
	for b := range backends(user) {
		if b.service.Name == from {
			ops = append(ops, traffic.Op{Op: "test", Path: b.path, Value: from}, traffic.Op{Op: "replace", Path: b.path, Value: to})
		}
		if hold && (b.service.Name == from || b.service.Name == to) {
			held[b.field] = true
		}
	}
	fields := slices.DeleteFunc([]string{fieldRules, fieldDefault}, func(f string) bool { return !held[f] })
	return append(ops, mark(user.Annotations, strings.Join(fields, ","))...)
}

// mark gives the operations that mark fields as held, and no others.
func mark(annotations map[string]string, fields string) []traffic.Op {
	was, marked := annotations[v1beta1.AnnotationHeldFields]
	switch {
	case fields != "" && was != fields:
		return set(annotations, v1beta1.AnnotationHeldFields, fields)
	case fields == "" && marked:
		return []traffic.Op{{Op: "remove", Path: annotationPath(v1beta1.AnnotationHeldFields)}}
	}
	return nil
}

// backend is one of an Ingress that is a Service.
type backend struct {
	service *networkingv1.IngressServiceBackend
	// path of the Service's name as a JSON pointer (RFC 6901), field that a release holds for it.
	path, field string
}

// backends are those of an Ingress that are Services.
func backends(i *networkingv1.Ingress) iter.Seq[backend] {
	return func(yield func(backend) bool) {
		for r := range i.Spec.Rules {
			http := i.Spec.Rules[r].HTTP
			if http == nil {
				continue
			}
			for p := range http.Paths {
				s := http.Paths[p].Backend.Service
				if s != nil && !yield(backend{s, fmt.Sprintf("/spec/rules/%d/http/paths/%d/backend/service/name", r, p), fieldRules}) {
					return
				}
			}
		}
		if d := i.Spec.DefaultBackend; d != nil && d.Service != nil {
			yield(backend{d.Service, "/spec/defaultBackend/service/name", fieldDefault})
		}
	}
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
	for b := range backends(user) {
		if b.service.Name == service {
			return true
		}
	}
	return false
}

// ReleasedService names the user's Service of which the Ingress is a canary of ours; empty for any other Ingress.
func ReleasedService(i *networkingv1.Ingress) string {
	if i.Annotations[annotationCanary] != "true" || i.Labels[rollouts.LabelRolloutName] == "" {
		return ""
	}
	return leadsTo(i)
}

// leadsTo names the user's Service of which a canary Ingress leads to the new version.
func leadsTo(canary *networkingv1.Ingress) string {
	name := ""
	for b := range backends(canary) {
		name = b.service.Name
	}
	return strings.TrimSuffix(name, traffic.CanaryService(""))
}
