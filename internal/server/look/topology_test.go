// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package look_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/look"
	"github.com/vela-rollouts/vela/internal/view"
)

const app = "demo"

func now() time.Time { return time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC) }

func meta(name string, labels map[string]string, owner types.UID) metav1.ObjectMeta {
	yes := true
	m := metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID("uid-" + name), CreationTimestamp: metav1.NewTime(now().Add(-time.Hour)), Labels: map[string]string{
		v1beta1.LabelAppName: app, v1beta1.LabelAppComponent: app,
	}}
	for k, v := range labels {
		m.Labels[k] = v
	}
	if owner != "" {
		m.OwnerReferences = []metav1.OwnerReference{{UID: owner, Name: string(owner), Controller: &yes}}
	}
	return m
}

func pod(name, hash, image string, ready bool) corev1.Pod {
	p := corev1.Pod{ObjectMeta: meta(name, map[string]string{appsv1.DefaultDeploymentUniqueLabelKey: hash}, types.UID("uid-demo-"+hash))}
	p.Spec.Containers = []corev1.Container{{Name: app, Image: image}}
	p.Status.Phase = corev1.PodRunning
	condition := corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionFalse}
	if ready {
		condition.Status = corev1.ConditionTrue
	}
	p.Status.Conditions = []corev1.PodCondition{condition}
	return p
}

func set(hash, image string, replicas int32) appsv1.ReplicaSet {
	rs := appsv1.ReplicaSet{ObjectMeta: meta("demo-"+hash, map[string]string{appsv1.DefaultDeploymentUniqueLabelKey: hash}, "uid-demo")}
	rs.Spec.Replicas = &replicas
	rs.Spec.Template.Spec.Containers = []corev1.Container{{Image: image}}
	return rs
}

func service(name, hash string) corev1.Service {
	s := corev1.Service{ObjectMeta: meta(name, nil, "")}
	s.Spec.Selector = map[string]string{v1beta1.LabelAppComponent: app}
	s.Spec.Ports = []corev1.ServicePort{{Port: 8090}}
	if hash != "" {
		s.Labels = map[string]string{rolloutsv1beta1.LabelRolloutName: app}
		s.Spec.Selector[appsv1.DefaultDeploymentUniqueLabelKey] = hash
	}
	return s
}

func ingress(name, service, weight string) networkingv1.Ingress {
	i := networkingv1.Ingress{ObjectMeta: meta(name, nil, "")}
	if weight != "" {
		i.Labels = map[string]string{rolloutsv1beta1.LabelRolloutName: app}
		i.Annotations = map[string]string{"nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": weight}
	}
	i.Spec.Rules = []networkingv1.IngressRule{{Host: "canary-demo.com", IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{
		Paths: []networkingv1.HTTPIngressPath{{Path: "/version", Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: service}}}},
	}}}}
	i.Status.LoadBalancer.Ingress = []networkingv1.IngressLoadBalancerIngress{{IP: "192.0.2.7"}}
	return i
}

// stable is v1 at rest.
func stable() look.Seen {
	three := int32(3)
	d := appsv1.Deployment{ObjectMeta: meta(app, nil, "")}
	d.Spec.Replicas = &three
	d.Spec.Template.Spec.Containers = []corev1.Container{{Image: "demo:v1"}}
	a := &v1beta1.Application{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: app, UID: "uid-app", Annotations: map[string]string{v1beta1.AnnotationPublishVersion: "v1"}}}
	a.Spec.Components = []v1beta1.Component{{Name: app, Type: "webservice"}}
	a.Status.Phase = v1beta1.PhaseRunning
	a.Status.LatestRevision = &v1beta1.RevisionName{Name: "demo-v1"}
	a.Status.Workflow = &v1beta1.WorkflowStatus{AppRevision: "v1", Phase: v1beta1.WorkflowSucceeded, Finished: true}
	a.Status.Services = []v1beta1.ServiceStatus{{Name: app, Healthy: true}}
	v1 := v1beta1.ApplicationRevision{ObjectMeta: metav1.ObjectMeta{Name: "demo-v1", Annotations: map[string]string{v1beta1.AnnotationPublishVersion: "v1"}}}
	v1.Status.Succeeded = true
	return look.Seen{
		Seen: gather.Seen{Seen: view.Seen{App: a, Revisions: []v1beta1.ApplicationRevision{v1}, Now: now(), Pods: []corev1.Pod{
			pod("demo-aa-1", "aa", "demo:v1", true), pod("demo-aa-2", "aa", "demo:v1", true), pod("demo-aa-3", "aa", "demo:v1", true),
		}}},
		Deployments: []appsv1.Deployment{d}, ReplicaSets: []appsv1.ReplicaSet{set("aa", "demo:v1", 3), set("old", "demo:v0", 0)},
		Services: []corev1.Service{service(app, "")}, Ingresses: []networkingv1.Ingress{ingress(app, app, "")},
	}
}

// third is v2 with a third of the requests and one pod of three.
func third() look.Seen {
	s := stable()
	v2 := s.Revisions[0].DeepCopy()
	v2.Name, v2.Status.Succeeded = "demo-v2", false
	v2.Annotations[v1beta1.AnnotationPublishVersion] = "v2"
	s.Revisions = append(s.Revisions, *v2)
	s.App.Status.Phase = v1beta1.PhaseWorkflowSuspending
	s.App.Status.LatestRevision.Name = "demo-v2"
	s.App.Status.Workflow = &v1beta1.WorkflowStatus{AppRevision: "v2", Phase: v1beta1.WorkflowSuspending, Suspend: true}
	weight, percent := int32(33), "33%"
	r := rolloutsv1beta1.Rollout{ObjectMeta: meta(app, nil, "")}
	r.Spec.Strategy.Canary = &rolloutsv1beta1.CanaryStrategy{
		Steps:           []rolloutsv1beta1.Step{{Traffic: &percent}},
		TrafficRoutings: []rolloutsv1beta1.TrafficRouting{{Service: app, Ingress: &rolloutsv1beta1.IngressRouting{Name: app}}},
	}
	r.Status.Phase = rolloutsv1beta1.PhaseProgressing
	r.Status.CanaryStatus = &rolloutsv1beta1.CanaryStatus{}
	r.Status.CanaryStatus.PodTemplateHash, r.Status.CanaryStatus.StableRevision = "bb", "aa"
	r.Status.CanaryStatus.DesiredWeight = &weight
	s.Rollouts = []rolloutsv1beta1.Rollout{r}
	s.Pods = []corev1.Pod{pod("demo-aa-1", "aa", "demo:v1", true), pod("demo-aa-2", "aa", "demo:v1", true), pod("demo-bb-1", "bb", "demo:v2", true)}
	s.ReplicaSets = []appsv1.ReplicaSet{set("aa", "demo:v1", 2), set("bb", "demo:v2", 1)}
	s.Services = append(s.Services, service("demo-stable", "aa"), service("demo-canary", "bb"))
	s.Ingresses = []networkingv1.Ingress{ingress(app, "demo-stable", ""), ingress("demo-canary", "demo-canary", "33")}
	s.Plans = []plan.Plan{{Ingresses: map[string]plan.Ingress{"default/demo-canary": {Accepted: true, Canary: true, Weight: 33, Total: 100, CanaryRequests: 30, StableRequests: 70}}}}
	return s
}

// draw is a graph as text: a line for each node in the order of the graph, indented below its owner, and one for each edge of traffic.
func draw(t api.Topology) string {
	owner, names := map[string]string{}, map[string]string{}
	for _, n := range t.Nodes {
		names[n.Id] = n.Kind + " " + n.Name
	}
	for _, e := range t.Edges {
		if e.Kind == api.TopologyEdgeKindOwns {
			owner[e.To] = e.From
		}
	}
	var out strings.Builder
	for _, n := range t.Nodes {
		depth := 0
		for at := owner[n.Id]; at != ""; at = owner[at] {
			depth++
		}
		words := []string{n.Kind, n.Name, string(n.Health), string(n.Role), n.PublishVersion, n.Image, string(n.State)}
		if n.Pods != nil {
			words = append(words, fmt.Sprintf("%d/%d", *n.ReadyPods, *n.Pods))
		}
		words = slices.DeleteFunc(words, func(w string) bool { return w == "" })
		fmt.Fprintf(&out, "%s%s\n", strings.Repeat("  ", depth), strings.Join(words, " "))
	}
	for _, e := range t.Edges {
		if e.Kind == api.TopologyEdgeKindOwns {
			continue
		}
		share := ""
		if e.Weight != nil {
			share = fmt.Sprintf(" %d%%", *e.Weight)
		}
		if e.Measured != nil {
			share += fmt.Sprintf(", counted %.0f%%", *e.Measured)
		}
		fmt.Fprintf(&out, "%s -%s-> %s%s\n", names[e.From], e.Kind, names[e.To], share)
	}
	for _, r := range t.Summary.Revisions {
		fmt.Fprintf(&out, "%s %s %d/%d\n", r.Role, r.Revision, r.ReadyPods, r.Pods)
	}
	return out.String()
}

func TestAGraphTellsTheVersionsApart(t *testing.T) {
	cases := map[string]struct {
		seen look.Seen
		want string
	}{
		"at rest": {stable(), `
Application demo Healthy v1
  Target local/default Healthy
    Component demo Healthy
      Deployment demo Healthy demo:v1 3/3
        ReplicaSet demo-aa Healthy current v1 demo:v1 3/3
          Pod demo-aa-1 Healthy current v1 demo:v1 Ready
          Pod demo-aa-2 Healthy current v1 demo:v1 Ready
          Pod demo-aa-3 Healthy current v1 demo:v1 Ready
      Service demo Healthy 3/3
      Ingress demo Healthy
Service demo -selects-> Pod demo-aa-1
Service demo -selects-> Pod demo-aa-2
Service demo -selects-> Pod demo-aa-3
Ingress demo -routes-> Service demo
current demo-v1 3/3
`},
		"a third of the requests goes to the new version": {third(), `
Application demo Progressing v1
  Target local/default Healthy
    Component demo Healthy
      Deployment demo Healthy demo:v1 3/3
        ReplicaSet demo-aa Healthy stable v1 demo:v1 2/2
          Pod demo-aa-1 Healthy stable v1 demo:v1 Ready
          Pod demo-aa-2 Healthy stable v1 demo:v1 Ready
        ReplicaSet demo-bb Healthy canary v2 demo:v2 1/1
          Pod demo-bb-1 Healthy canary v2 demo:v2 Ready
      Service demo Healthy 3/3
      Service demo-canary Healthy canary v2 1/1
      Service demo-stable Healthy stable v1 2/2
      Ingress demo Healthy
      Ingress demo-canary Healthy
Service demo -selects-> Pod demo-aa-1
Service demo -selects-> Pod demo-aa-2
Service demo -selects-> Pod demo-bb-1
Service demo-canary -selects-> Pod demo-bb-1
Service demo-stable -selects-> Pod demo-aa-1
Service demo-stable -selects-> Pod demo-aa-2
Ingress demo -routes-> Service demo-stable 67%, counted 70%
Ingress demo-canary -routes-> Service demo-canary 33%, counted 30%
stable demo-v1 2/2
canary demo-v2 1/1
`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(strings.TrimPrefix(tc.want, "\n"), draw(look.Topology(tc.seen))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAGraphDoesNotDependOnTheOrderOfWhatWasRead(t *testing.T) {
	one, other := third(), third()
	slices.Reverse(other.Pods)
	slices.Reverse(other.ReplicaSets)
	slices.Reverse(other.Services)
	slices.Reverse(other.Ingresses)
	if diff := cmp.Diff(look.Topology(one), look.Topology(other)); diff != "" {
		t.Error(diff)
	}
}

func TestARouteOfTheGatewayAPIHasItsSharesToo(t *testing.T) {
	s := third()
	s.Ingresses = nil
	ref := func(name string, weight int32) gatewayv1.HTTPBackendRef {
		return gatewayv1.HTTPBackendRef{BackendRef: gatewayv1.BackendRef{BackendObjectReference: gatewayv1.BackendObjectReference{Name: gatewayv1.ObjectName(name)}, Weight: &weight}}
	}
	r := gatewayv1.HTTPRoute{ObjectMeta: meta(app, nil, "")}
	r.Spec.Rules = []gatewayv1.HTTPRouteRule{{BackendRefs: []gatewayv1.HTTPBackendRef{ref("demo", 0), ref("demo-stable", 67), ref("demo-canary", 33)}}}
	s.HTTPRoutes = []gatewayv1.HTTPRoute{r}
	text := draw(look.Topology(s))
	for _, want := range []string{"HTTPRoute demo -routes-> Service demo-stable 67%", "HTTPRoute demo -routes-> Service demo-canary 33%", "HTTPRoute demo -routes-> Service demo 0%"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

func TestWhatIsNotWellIsSeenUpToTheComponent(t *testing.T) {
	s := third()
	bad := &s.Pods[2]
	bad.Status.Conditions[0].Status = corev1.ConditionFalse
	bad.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: app, Image: "demo:v2", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff"}}}}
	sick := map[string]bool{}
	for _, n := range look.Topology(s).Nodes {
		if n.Health == api.HealthUnhealthy {
			sick[n.Kind+" "+n.Name] = n.Kind == "Component" || n.Message != ""
		}
	}
	want := map[string]bool{"Component demo": true, "Deployment demo": true, "ReplicaSet demo-bb": true, "Pod demo-bb-1": true}
	if diff := cmp.Diff(want, sick); diff != "" {
		t.Error(diff)
	}
}

func TestEndpointsAreThoseOfTheApplicationItself(t *testing.T) {
	got := look.Endpoints(third()).Items
	if len(got) != 2 {
		t.Fatalf("%d endpoints, want that of the Ingress and that of the Service: %+v", len(got), got)
	}
	if e := got[0]; e.Url != "http://canary-demo.com/version" || e.Address != "192.0.2.7:80" || e.Internal ||
		e.Curl != "curl -H 'Host: canary-demo.com' 'http://192.0.2.7/version'" {
		t.Errorf("the Ingress: %+v", e)
	}
	if e := got[1]; e.Url != "http://demo.default.svc:8090" || !e.Internal {
		t.Errorf("the Service: %+v", e)
	}
}

func TestPodsHaveTheirVersion(t *testing.T) {
	var got []string
	for _, p := range look.Pods(third()).Items {
		got = append(got, strings.Join([]string{p.Name, string(p.State), string(p.Role), p.Revision, p.PublishVersion}, " "))
	}
	want := []string{"demo-aa-1 Ready stable demo-v1 v1", "demo-aa-2 Ready stable demo-v1 v1", "demo-bb-1 Ready canary demo-v2 v2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
