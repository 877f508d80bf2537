// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/application/render"
)

// Component is what was seen of one component that a workflow step asks to deploy.
type Component struct {
	Name string
	// Revision of the Application that the step deploys; it is the Rollout's releaseID too.
	Revision string
	// Manifests of the component, its workload first.
	Manifests []render.Manifest
	// Weight of a canary-deploy step in percent; nil for a step that deploys at once.
	Weight *int32
	// Workload, of a kind that is released in steps, and Rollout as they live; nil where there is none.
	Workload metav1.Object
	Rollout  *rolloutsv1beta1.Rollout
	// Unchanged says that the wanted pod template is the one that was applied last.
	Unchanged bool
	// Former is the workload as the last good version has it; nil when there is none.
	Former *render.Manifest
	// First says that no other version of the Application has the workload on record.
	First bool
	// Stepped says that the inventory of Revision has a Rollout for the component: its release in steps had begun.
	Stepped bool
	// Health of the component as it lives, and its message.
	Healthy bool
	Message string
}

// Dispatch is what of a component may be applied now, and how far it is.
type Dispatch struct {
	// Inventory is all that belongs to the component, to be recorded before anything of it is applied.
	Inventory []render.Manifest
	// Apply holds what may be applied now, in this order.
	Apply []render.Manifest
	// Done says that the step is true for this component.
	Done bool
	// Message for the person who waits; empty when there is nothing to say.
	Message string
}

// course is how a component gets to its new version.
type course int

const (
	// direct: apply everything, the workload's own strategy does the rest.
	direct course = iota
	// stepped: through a Rollout.
	stepped
	// blocked: the Rollout of a former release is still giving things back.
	blocked
	// anew: somebody deleted the workload; the last good version of it comes first.
	anew
)

// DispatchComponent decides how seen gets to its new version and how far it may go now. rollout renders the Rollout for
// a weight. First match wins:
//
//	a Rollout on its way out → a canary waits until it is gone, so that two never hold one workload; when it is the one of
//	this very release, somebody deleted it, and the message says what becomes of the workload
//	plain deploy, release in progress → the Rollout is told to finish with the new version (it never hangs, kv#5969)
//	plain deploy → apply
//	no workload, but a good version of it on record → that one first, for the new one is to come in steps
//	no workload yet, or all of it already at this revision, or the same pods as before → apply: nothing to release in steps
//	else → Rollout first, then, once it holds the workload, the new version
func DispatchComponent(seen Component, rollout func(weight int32) (render.Manifest, error)) (Dispatch, error) {
	way, weight := chooseCourse(seen)
	switch way {
	case blocked:
		message := seen.rolloutDeleted()
		if message == "" {
			message = fmt.Sprintf("%s waits until the Rollout of the release before has given everything back", seen.Name)
		}
		return Dispatch{Inventory: seen.Manifests, Message: message}, nil
	case anew:
		message := fmt.Sprintf("%s %s was deleted by somebody: it comes back as it was before %s first", seen.Former.Object.GetKind(), seen.Former.Object.GetName(), seen.Revision)
		return Dispatch{Inventory: seen.Manifests, Apply: []render.Manifest{*seen.Former}, Message: message}, nil
	case stepped:
		plan, err := rollout(weight)
		if err != nil {
			return Dispatch{}, fmt.Errorf("rendering the Rollout of component %s: %w", seen.Name, err)
		}
		return dispatchStepped(seen, weight, plan), nil
	default:
		return dispatchDirect(seen), nil
	}
}

func chooseCourse(seen Component) (course, int32) {
	progressing := seen.Rollout != nil && seen.Rollout.Status.Phase == rolloutsv1beta1.PhaseProgressing
	if held := heldFor(seen.Workload); held != "" {
		progressing = true
	}
	terminating := seen.Rollout != nil && seen.Rollout.DeletionTimestamp != nil
	if seen.Weight == nil {
		if seen.Rollout != nil && !terminating && progressing && seen.Workload != nil {
			return stepped, 100
		}
		return direct, 0
	}
	if terminating {
		return blocked, 0
	}
	if seen.Workload == nil && seen.Former != nil {
		return anew, 0
	}
	if seen.Workload == nil {
		return direct, 0
	}
	if seen.Rollout != nil && seen.Rollout.Spec.ReleaseID == seen.Revision {
		return stepped, *seen.Weight
	}
	if atRevision(seen.Workload, seen.Revision) && seen.Rollout == nil {
		return direct, 0
	}
	if seen.Unchanged && !progressing {
		return direct, 0
	}
	return stepped, *seen.Weight
}

func dispatchDirect(seen Component) Dispatch {
	d := Dispatch{Inventory: seen.Manifests, Apply: suppliesFirst(seen.Manifests)}
	applied := seen.Workload == nil || atRevision(seen.Workload, seen.Revision) // a workload of another kind counts as applied
	if seen.Workload == nil && len(seen.Manifests) > 0 && Steppable(seen.Manifests[0].Object.GetAPIVersion(), seen.kind()) {
		applied = false
	}
	d.Done = applied && seen.Healthy
	deleted := seen.rolloutDeleted()
	switch {
	case !d.Done && seen.Weight != nil && deleted != "":
		d.Message = deleted
		if seen.Message != "" {
			d.Message += "; " + seen.Message
		}
	case !d.Done && seen.Message != "":
		d.Message = fmt.Sprintf("%s is not healthy: %s", seen.Name, seen.Message)
	case !d.Done:
		d.Message = "wait healthy"
	case seen.Weight != nil:
		d.Message = withoutSteps(seen, deleted != "")
	}
	return d
}

// withoutSteps says why a canary step that is done had no steps to go.
func withoutSteps(seen Component, deleted bool) string {
	switch {
	case deleted:
		return fmt.Sprintf("all of %s is on %s already, because its Rollout was deleted: there was nothing left to release in steps", seen.Name, seen.Revision)
	case seen.First && *seen.Weight < 100:
		return fmt.Sprintf("%s had no earlier version to keep beside it: all of it is new", seen.Name)
	case seen.Unchanged && !seen.First:
		return fmt.Sprintf("%s has the same pods as before: there was nothing to release in steps", seen.Name)
	}
	return ""
}

func dispatchStepped(seen Component, weight int32, plan render.Manifest) Dispatch {
	d := Dispatch{
		Inventory: append([]render.Manifest{plan}, seen.Manifests...),
		Apply:     []render.Manifest{plan},
	}
	released := atRevision(seen.Workload, seen.Revision)
	if !released && heldFor(seen.Workload) != seen.Revision {
		d.Message = fmt.Sprintf("Rollout %s is asked to hold %s %s for %s", plan.Object.GetName(), seen.kind(), seen.Workload.GetName(), seen.Revision)
		return d
	}
	d.Apply = append(d.Apply, suppliesFirst(seen.Manifests)...)
	live := seen.Rollout
	if !released || !statesPlan(live, plan) || live.Status.ObservedGeneration != live.Generation {
		d.Message = fmt.Sprintf("Rollout %s is asked for %d%% of %s", plan.Object.GetName(), weight, seen.Revision)
		return d
	}
	d.Message = live.Status.Message
	if !reached(live, weight) {
		return d
	}
	if finished(live) && (heldFor(seen.Workload) != "" || !seen.Healthy) {
		d.Message = fmt.Sprintf("all of %s is on %s; its %s is given back", seen.Name, seen.Revision, seen.kind())
		return d
	}
	d.Done, d.Message = true, ""
	return d
}

// suppliesFirst puts what pods can't start without before the workload.
func suppliesFirst(manifests []render.Manifest) []render.Manifest {
	sorted := slices.Clone(manifests)
	slices.SortStableFunc(sorted, func(a, b render.Manifest) int { return cmp.Compare(rank(a), rank(b)) })
	return sorted
}

func rank(m render.Manifest) int {
	if IsSupply(m.Object.GetKind()) {
		return 0
	}
	return 1
}

// IsSupply says of a kind that pods can't start without the objects of it that they name.
func IsSupply(kind string) bool {
	return kind == "ConfigMap" || kind == "Secret" || kind == "PersistentVolumeClaim"
}

// statesPlan says whether the live Rollout already is the plan: the same release and the same steps.
func statesPlan(live *rolloutsv1beta1.Rollout, plan render.Manifest) bool {
	if live == nil || live.Spec.Strategy.Canary == nil {
		return false
	}
	var want rolloutsv1beta1.Rollout
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(plan.Object.Object, &want); err != nil || want.Spec.Strategy.Canary == nil {
		return false
	}
	return live.Spec.ReleaseID == want.Spec.ReleaseID &&
		equality.Semantic.DeepEqual(live.Spec.Strategy.Canary.Steps, want.Spec.Strategy.Canary.Steps)
}

// reached is the rule of a true step: the Rollout has seen this very plan and says that all of it holds: pods ready,
// endpoints seen, weight acknowledged. The last step is reached when everything is given back.
func reached(live *rolloutsv1beta1.Rollout, weight int32) bool {
	st := live.Status
	if finished(live) || weight >= 100 {
		return finished(live)
	}
	return st.CurrentStepState == rolloutsv1beta1.StepPaused || st.CurrentStepState == rolloutsv1beta1.StepCompleted
}

// finished says that the release is over: one version serves, and nothing of the release is left.
func finished(live *rolloutsv1beta1.Rollout) bool {
	st := live.Status
	return st.Phase == rolloutsv1beta1.PhaseHealthy && st.CanaryStatus != nil && st.CanaryStatus.ObservedReleaseID == live.Spec.ReleaseID
}

// heldFor is the release that a Rollout holds the workload for; empty when it is not held.
func heldFor(workload metav1.Object) string {
	if workload == nil {
		return ""
	}
	raw := workload.GetAnnotations()[rolloutsv1beta1.AnnotationInProgress]
	if raw == "" {
		return ""
	}
	var hold struct {
		ReleaseID string `json:"releaseID"`
	}
	if err := json.Unmarshal([]byte(raw), &hold); err != nil {
		return ""
	}
	return hold.ReleaseID
}

// atRevision says whether the workload was applied for that revision.
func atRevision(workload metav1.Object, revision string) bool {
	return workload != nil && workload.GetLabels()[v1beta1.LabelAppRevision] == revision
}

// Steppable says that workloads of a kind are released in steps.
func Steppable(apiVersion, kind string) bool {
	return apiVersion == "apps/v1" && slices.Contains([]string{"Deployment", "StatefulSet", "DaemonSet"}, kind)
}

// kind of the workload.
func (seen Component) kind() string { return seen.Manifests[0].Object.GetKind() }

// MayKeep says whether drift of a component's objects may be repaired from an inventory of revision: when the inventory
// has a Rollout for it (stepped), the workload must have been handed over, or the repair would release it in one go.
func MayKeep(stepped bool, revision string, workload metav1.Object) bool {
	return !stepped || workload == nil || atRevision(workload, revision) || heldFor(workload) == revision
}
