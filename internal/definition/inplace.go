// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

// StatefulSet are the parameters of component statefulset: those of a webservice (kubevela.md 4.2).
type StatefulSet struct {
	Webservice
}

// Daemon are the parameters of component daemon: those of a webservice (kubevela.md 4.2).
type Daemon struct {
	Webservice
}

func statefulSet() Component {
	p := parametersOf[StatefulSet]("statefulset")
	return Component{
		Name:    "statefulset",
		Summary: "A service whose pods have names of their own, which they keep.",
		Schema:  p.schema,
		Check:   p.check,
		Render: p.rendering(func(params StatefulSet, scope Scope) ([]Output, error) {
			return params.render(scope, kindStatefulSet, "statefulsetsExpose")
		}),
		Health: unlessDisabled(deploymentHealth),
	}
}

func daemon() Component {
	p := parametersOf[Daemon]("daemon")
	return Component{
		Name:    "daemon",
		Summary: "A service with a pod on each node.",
		Schema:  p.schema,
		Check:   p.check,
		Render: p.rendering(func(params Daemon, scope Scope) ([]Output, error) {
			return params.render(scope, kindDaemonSet, resourceExpose)
		}),
		Health: daemonHealth,
	}
}

// inKind makes a workload of another kind of a Deployment.
func inKind(workload *unstructured.Unstructured, kind string) error {
	workload.SetKind(kind)
	if kind != kindStatefulSet {
		return nil
	}
	// The Service that gives each pod its name; who wants such names brings a headless Service of that name.
	if err := unstructured.SetNestedField(workload.Object, workload.GetName(), "spec", "serviceName"); err != nil {
		return fmt.Errorf("naming the Service of the StatefulSet: %w", err)
	}
	return nil
}

// daemonHealth compares the pods of a DaemonSet with the nodes that are to have one. While a Rollout holds it, enough ready pods of
// whatever version are enough.
func daemonHealth(seen Seen) Health {
	live := seen.Workload
	if live == nil {
		return Health{Message: "Ready:0/0"}
	}
	wanted, ready := statusCount(live, "desiredNumberScheduled"), statusCount(live, "numberReady")
	out := Health{Message: fmt.Sprintf("Ready:%d/%d", ready, wanted)}
	if !sameRevision(live, seen.Wanted[""]) {
		return out
	}
	if _, held := live.GetAnnotations()[rollouts.AnnotationInProgress]; held {
		out.Healthy = ready >= wanted
		return out
	}
	out.Healthy = statusCount(live, "observedGeneration") >= live.GetGeneration() && ready == wanted &&
		statusCount(live, "currentNumberScheduled") == wanted && statusCount(live, "updatedNumberScheduled") == wanted
	return out
}
