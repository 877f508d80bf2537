// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/utils/dump"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
)

// Annotations of the native Deployment controller on ReplicaSets.
const (
	annotationRevision = "deployment.kubernetes.io/revision"
	annotationHistory  = "deployment.kubernetes.io/revision-history"
	// AnnotationDesired and AnnotationMax say for which size of the Deployment a ReplicaSet was scaled last.
	AnnotationDesired = "deployment.kubernetes.io/desired-replicas"
	AnnotationMax     = "deployment.kubernetes.io/max-replicas"
)

// Mark is what the annotation rollouts.kruise.io/in-progressing holds.
type Mark struct {
	RolloutName string `json:"rolloutName"`
	ReleaseID   string `json:"releaseID"`
}

// saved is what the annotation rollouts.kruise.io/deployment-strategy holds: what is given back at the end.
type saved struct {
	Paused   bool                      `json:"paused"`
	Strategy appsv1.DeploymentStrategy `json:"strategy"`
	// Stable is the good version, so that its ReplicaSet can be made anew; nil where it is too large to keep.
	Stable *version `json:"stable,omitempty"`
}

type version struct {
	Hash     string                 `json:"hash"`
	Template corev1.PodTemplateSpec `json:"template"`
}

// mostKept is the largest template, in bytes of JSON, that is kept; all annotations of an object together have 256 KiB.
const mostKept = 64 << 10

// Hash names a pod template as the native controller does: FNV-32a over the dumped template, and over the collision count
// where there is one.
func Hash(template corev1.PodTemplateSpec, collisions *int32) string {
	h := fnv.New32a()
	h.Write([]byte(dump.ForHash(template))) // a hash does not fail
	if collisions != nil {
		count := make([]byte, 8)
		binary.LittleEndian.PutUint32(count, uint32(*collisions))
		h.Write(count)
	}
	return rand.SafeEncodeString(strconv.FormatUint(uint64(h.Sum32()), 10))
}

// NewHash names a template that has no ReplicaSet yet. A hash that another template has already is a collision: the next
// count is tried, as the native controller does.
func NewHash(d *appsv1.Deployment, sets []*appsv1.ReplicaSet) string {
	count, collisions := int32(0), d.Status.CollisionCount
	if collisions != nil {
		count = *collisions
	}
	for {
		hash := Hash(d.Spec.Template, collisions)
		if !slices.ContainsFunc(sets, func(s *appsv1.ReplicaSet) bool { return hashOf(s) == hash }) {
			return hash
		}
		count++
		next := count
		collisions = &next
	}
}

// Name is the name of the ReplicaSet of a version.
func Name(d *appsv1.Deployment, hash string) string {
	name := d.Name
	if room := 253 - 1 - len(hash); len(name) > room {
		name = name[:room]
	}
	return name + "-" + hash
}

// Current finds the ReplicaSet with the Deployment's template; the oldest of several, as the native controller does.
func Current(d *appsv1.Deployment, sets []*appsv1.ReplicaSet) *appsv1.ReplicaSet {
	var found *appsv1.ReplicaSet
	for _, s := range sets {
		if sameTemplate(&d.Spec.Template, own(s)) && (found == nil || older(s, found)) {
			found = s
		}
	}
	return found
}

func older(a, b *appsv1.ReplicaSet) bool {
	if a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.Name < b.Name
	}
	return a.CreationTimestamp.Before(&b.CreationTimestamp)
}

func sameTemplate(a, b *corev1.PodTemplateSpec) bool {
	strip := func(t *corev1.PodTemplateSpec) *corev1.PodTemplateSpec {
		t = t.DeepCopy()
		delete(t.Labels, appsv1.DefaultDeploymentUniqueLabelKey)
		return t
	}
	return equality.Semantic.DeepEqual(strip(a), strip(b))
}

// Observe gives what a decision needs to know of a Deployment and its ReplicaSets, for the Rollout of that name.
func Observe(d *appsv1.Deployment, sets []*appsv1.ReplicaSet, rolloutName string) (rollout.Workload, []rollout.ReplicaSet) {
	w := rollout.Workload{
		Exists: d.DeletionTimestamp == nil, Observed: d.Status.ObservedGeneration >= d.Generation, Generation: d.Generation,
		Replicas: replicas(d.Spec.Replicas), AppRevision: d.Labels[v1beta1.LabelAppRevision], RolloutID: d.Labels[rollouts.LabelRolloutID],
	}
	if d.Spec.Selector != nil {
		w.Selects = slices.Sorted(maps.Keys(d.Spec.Selector.MatchLabels))
	}
	if d.Spec.ProgressDeadlineSeconds != nil && *d.Spec.ProgressDeadlineSeconds < 2147483647 {
		w.ProgressDeadline = *d.Spec.ProgressDeadlineSeconds
	}
	strategy := d.Spec.Strategy
	kept := savedOf(d)
	if kept != nil {
		strategy = kept.Strategy
	}
	w.MaxSurge, w.MaxUnavailable = room(strategy, w.Replicas)
	if mark, marked := MarkOf(d); marked && mark.RolloutName != rolloutName {
		w.HeldBy = mark.RolloutName
	} else if marked {
		w.Held = d.Spec.Paused && d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType
		w.HeldFor, w.StableMark = mark.ReleaseID, d.Labels[rollouts.LabelStableRevision]
		if kept != nil && kept.Stable != nil {
			w.Kept = kept.Stable.Hash
		}
	}
	if current := Current(d, sets); current != nil {
		w.Template = hashOf(current)
	} else {
		w.Template = NewHash(d, sets)
	}
	return w, observeSets(sets)
}

func observeSets(sets []*appsv1.ReplicaSet) []rollout.ReplicaSet {
	var out []rollout.ReplicaSet
	for _, s := range sets {
		_, marked := s.Annotations[AnnotationDesired]
		out = append(out, rollout.ReplicaSet{
			Hash: hashOf(s), Replicas: replicas(s.Spec.Replicas), Pods: s.Status.Replicas, Ready: s.Status.AvailableReplicas, Marked: marked, Dress: dressText(s),
		})
	}
	slices.SortFunc(out, func(a, b rollout.ReplicaSet) int { return cmp.Compare(a.Hash, b.Hash) })
	return out
}

func hashOf(s *appsv1.ReplicaSet) string { return s.Labels[appsv1.DefaultDeploymentUniqueLabelKey] }

func replicas(n *int32) int32 {
	if n == nil {
		return 1
	}
	return *n
}

// MarkOf reads by whom and for what a workload is held.
func MarkOf(d metav1.Object) (Mark, bool) {
	var m Mark
	text, there := d.GetAnnotations()[rollouts.AnnotationInProgress]
	if !there || json.Unmarshal([]byte(text), &m) != nil || m.RolloutName == "" {
		return Mark{}, false
	}
	return m, true
}

// savedOf reads what was kept of a Deployment when it was held; nil where nothing was, or where it can't be read.
func savedOf(d *appsv1.Deployment) *saved {
	text, there := d.Annotations[rollouts.AnnotationDeploymentStrategy]
	s := &saved{}
	if !there || json.Unmarshal([]byte(text), s) != nil {
		return nil
	}
	return s
}

// stableOf is the version that is good at a hold: the one that it names, else the one that runs.
func stableOf(d *appsv1.Deployment, sets []*appsv1.ReplicaSet, h rollout.Hold) string {
	if current := Current(d, sets); h.Stable == "" && current != nil {
		return hashOf(current)
	}
	return h.Stable
}

// keep is the version of that hash with its template; nil where it is not known, or too large.
func keep(sets []*appsv1.ReplicaSet, hash string) *version {
	for _, s := range sets {
		if hash == "" || hashOf(s) != hash {
			continue
		}
		v := &version{Hash: hash, Template: *own(s)}
		if text, err := json.Marshal(v); err != nil || len(text) > mostKept {
			return nil
		}
		return v
	}
	return nil
}

// room resolves how many pods may be beyond the replicas and how many may be missing. A Deployment with the strategy
// Recreate never wanted two versions at once; asking for a canary overrules that, with the defaults of RollingUpdate.
func room(s appsv1.DeploymentStrategy, n int32) (surge, unavailable int32) {
	quarter := intstr.FromString("25%")
	maxSurge, maxUnavailable := &quarter, &quarter
	if s.Type != appsv1.RecreateDeploymentStrategyType && s.RollingUpdate != nil {
		maxSurge, maxUnavailable = cmp.Or(s.RollingUpdate.MaxSurge, maxSurge), cmp.Or(s.RollingUpdate.MaxUnavailable, maxUnavailable)
	}
	up, err := intstr.GetScaledValueFromIntOrPercent(maxSurge, int(n), true)
	if err != nil {
		up = 1
	}
	down, err := intstr.GetScaledValueFromIntOrPercent(maxUnavailable, int(n), false)
	if err != nil {
		down = 0
	}
	if up == 0 && down == 0 {
		down = 1
	}
	return int32(max(up, 0)), min(int32(max(down, 0)), n)
}

// op is one operation of a JSON patch (RFC 6902).
type op struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// unchanged tests that the spec is the one that was read. Status writes of others, which are many, do not disturb it.
func unchanged(o metav1.Object) op { return op{"test", "/metadata/generation", o.GetGeneration()} }

// keys gives the operations that set keys of labels or annotations; an empty value removes one.
func keys(field string, is, want map[string]string) []op {
	var ops []op
	if is == nil {
		ops = append(ops, op{"add", "/metadata/" + field, map[string]string{}})
	}
	for _, k := range slices.Sorted(maps.Keys(want)) {
		path := "/metadata/" + field + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(k)
		if want[k] != "" {
			ops = append(ops, op{"add", path, want[k]})
			continue
		}
		if _, there := is[k]; there {
			ops = append(ops, op{Op: "remove", Path: path})
		}
	}
	return ops
}

// HoldPatch is the JSON patch (RFC 6902) that takes a Deployment from the native controller. It fails where the spec of the
// Deployment is newer than the one given.
func HoldPatch(d *appsv1.Deployment, sets []*appsv1.ReplicaSet, rolloutName string, h rollout.Hold) ([]byte, error) {
	mark, err := json.Marshal(Mark{RolloutName: rolloutName, ReleaseID: h.ReleaseID})
	if err != nil {
		return nil, fmt.Errorf("marking the Deployment: %w", err)
	}
	annotations := map[string]string{rollouts.AnnotationInProgress: string(mark)}
	own := savedOf(d)
	if _, there := d.Annotations[rollouts.AnnotationDeploymentStrategy]; !there {
		own = &saved{Paused: d.Spec.Paused, Strategy: d.Spec.Strategy}
		if h.Again && own.Paused && own.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
			// That is what the hold set; its own is lost with the annotation, so it gets what the API gives by default.
			own = &saved{Strategy: appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType}}
		}
	}
	if own != nil {
		if good := stableOf(d, sets, h); own.Stable == nil || own.Stable.Hash != good {
			own.Stable = keep(sets, good)
		}
		text, err := json.Marshal(own)
		if err != nil {
			return nil, fmt.Errorf("keeping the strategy of the Deployment: %w", err)
		}
		annotations[rollouts.AnnotationDeploymentStrategy] = string(text)
	}
	ops := append([]op{unchanged(d)}, keys("annotations", d.Annotations, annotations)...)
	ops = append(ops, keys("labels", d.Labels, map[string]string{rollouts.LabelStableRevision: h.Stable})...)
	ops = append(ops, op{"add", "/spec/paused", true},
		op{"add", "/spec/strategy", appsv1.DeploymentStrategy{Type: appsv1.RecreateDeploymentStrategyType}})
	return json.Marshal(ops)
}

// ReleasePatch is the JSON patch that gives a Deployment back as it was, and nil for one that is not held.
func ReleasePatch(d *appsv1.Deployment) ([]byte, error) {
	text, there := d.Annotations[rollouts.AnnotationDeploymentStrategy]
	if _, marked := d.Annotations[rollouts.AnnotationInProgress]; !there && !marked {
		return nil, nil
	}
	own := saved{Strategy: appsv1.DeploymentStrategy{Type: appsv1.RollingUpdateDeploymentStrategyType}}
	if there {
		own = saved{}
		if err := json.Unmarshal([]byte(text), &own); err != nil {
			return nil, fmt.Errorf("reading the annotation %s: %w; write the Deployment's strategy there as JSON, or remove the annotation", rollouts.AnnotationDeploymentStrategy, err)
		}
	}
	ops := append([]op{unchanged(d)}, keys("annotations", d.Annotations, map[string]string{rollouts.AnnotationInProgress: "", rollouts.AnnotationDeploymentStrategy: ""})...)
	ops = append(ops, keys("labels", d.Labels, map[string]string{rollouts.LabelStableRevision: ""})...)
	ops = append(ops, op{"add", "/spec/paused", own.Paused}, op{"add", "/spec/strategy", own.Strategy})
	return json.Marshal(ops)
}

// NewReplicaSet gives the ReplicaSet of the Deployment's template as the native controller would make it, but for the
// annotations of its size.
func NewReplicaSet(d *appsv1.Deployment, sets []*appsv1.ReplicaSet, hash string, size int32) *appsv1.ReplicaSet {
	return replicaSet(d, sets, version{hash, d.Spec.Template}, size)
}

// StableReplicaSet gives the ReplicaSet of the good version, by the template that was kept when the Deployment was held.
func StableReplicaSet(d *appsv1.Deployment, sets []*appsv1.ReplicaSet, size int32) (*appsv1.ReplicaSet, error) {
	kept := savedOf(d)
	if kept == nil || kept.Stable == nil {
		return nil, fmt.Errorf("the template of the stable version of Deployment %s was not kept", d.Name)
	}
	return replicaSet(d, sets, *kept.Stable, size), nil
}

func replicaSet(d *appsv1.Deployment, sets []*appsv1.ReplicaSet, v version, size int32) *appsv1.ReplicaSet {
	hash := v.Hash
	template := *v.Template.DeepCopy()
	template.Labels = with(template.Labels, hash)
	selector := d.Spec.Selector.DeepCopy()
	selector.MatchLabels = with(selector.MatchLabels, hash)
	revision := int64(0)
	for _, s := range sets {
		if n, err := strconv.ParseInt(s.Annotations[annotationRevision], 10, 64); err == nil {
			revision = max(revision, n)
		}
	}
	annotations := map[string]string{annotationRevision: strconv.FormatInt(revision+1, 10)}
	skip := []string{corev1.LastAppliedConfigAnnotation, annotationRevision, annotationHistory, AnnotationDesired, AnnotationMax, appsv1.DeprecatedRollbackTo,
		rollouts.AnnotationInProgress, rollouts.AnnotationDeploymentStrategy}
	for k, v := range d.Annotations {
		if !slices.Contains(skip, k) {
			annotations[k] = v
		}
	}
	return &appsv1.ReplicaSet{
		TypeMeta: metav1.TypeMeta{APIVersion: "apps/v1", Kind: "ReplicaSet"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: d.Namespace, Name: Name(d, hash), Labels: maps.Clone(template.Labels), Annotations: annotations,
			OwnerReferences: []metav1.OwnerReference{*metav1.NewControllerRef(d, appsv1.SchemeGroupVersion.WithKind("Deployment"))},
		},
		Spec: appsv1.ReplicaSetSpec{Replicas: &size, MinReadySeconds: d.Spec.MinReadySeconds, Selector: selector, Template: template},
	}
}

func with(labels map[string]string, hash string) map[string]string {
	out := map[string]string{appsv1.DefaultDeploymentUniqueLabelKey: hash}
	for k, v := range labels {
		if k != appsv1.DefaultDeploymentUniqueLabelKey {
			out[k] = v
		}
	}
	return out
}
