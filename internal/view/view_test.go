// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view_test

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/view"
)

// released is version 2 on its way over version 1.
func released() view.Seen {
	app := &corev1beta1.Application{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "default"}}
	app.Spec.Components = []corev1beta1.Component{{Name: "web", Type: "webservice"}}
	app.Status.Phase = corev1beta1.PhaseWorkflowSuspending
	app.Status.LatestRevision = &corev1beta1.RevisionName{Name: "demo-v2", Revision: 2}
	app.Status.Workflow = &corev1beta1.WorkflowStatus{Phase: corev1beta1.WorkflowSuspending}
	v1 := corev1beta1.ApplicationRevision{ObjectMeta: metav1.ObjectMeta{Name: "demo-v1"}}
	v1.Status.Succeeded = true
	r := rolloutsv1beta1.Rollout{ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "default"}}
	r.Spec.Strategy.Canary = &rolloutsv1beta1.CanaryStrategy{
		TrafficRoutings: []rolloutsv1beta1.TrafficRouting{{Service: "web", Ingress: &rolloutsv1beta1.IngressRouting{Name: "web"}}},
	}
	r.Status.Phase = rolloutsv1beta1.PhaseProgressing
	r.Status.CanaryStatus = &rolloutsv1beta1.CanaryStatus{StableRevision: "old", PodTemplateHash: "new"}
	return view.Seen{App: app, Revisions: []corev1beta1.ApplicationRevision{v1}, Rollouts: []rolloutsv1beta1.Rollout{r}}
}

func pod(hash string) corev1.Pod {
	return corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{
		corev1beta1.LabelAppComponent: "web", "pod-template-hash": hash,
	}}}
}

func TestAPodIsOfOneOfTheTwoVersionsWhileItIsReleased(t *testing.T) {
	seen := released()
	for hash, want := range map[string]string{"new": "demo-v2", "old": "demo-v1", "foreign": ""} {
		if got := view.RevisionOf(seen, pod(hash)); got != want {
			t.Errorf("a pod of %s is of %q, want %q", hash, got, want)
		}
	}
	seen.Rollouts = nil
	if got := view.RevisionOf(seen, pod("any")); got != "demo-v2" {
		t.Errorf("without a release it is of %q, want the revision in force", got)
	}
}

func TestTheMeasuredShareIsNeverGuessed(t *testing.T) {
	served := plan.Ingress{Accepted: true, Canary: true, StableRequests: 80, CanaryRequests: 20}
	refused := served
	refused.Accepted = false
	one := func(route plan.Ingress) plan.Plan {
		return plan.Plan{Ingresses: map[string]plan.Ingress{"default/web-canary": route}}
	}
	cases := map[string]struct {
		plans []plan.Plan
		want  float64
		known bool
	}{
		"one edge counts":                     {[]plan.Plan{one(served)}, 20, true},
		"two edges add up":                    {[]plan.Plan{one(served), one(served)}, 20, true},
		"no edge answered":                    {nil, 0, false},
		"an edge that does not know it":       {[]plan.Plan{one(served), {}}, 0, false},
		"an edge that does not accept it yet": {[]plan.Plan{one(refused)}, 0, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			seen := released()
			seen.Plans = c.plans
			share := view.Of(seen).Releases[0].Measured
			if (share != nil) != c.known || (share != nil && share.Percent() != c.want) {
				t.Errorf("got %+v, want known %t and %g %%", share, c.known, c.want)
			}
		})
	}
}

func TestTheMeasuredShareOfAnHTTPRouteIsThatOfItsVersions(t *testing.T) {
	rule := func(backends ...plan.Backend) plan.Rule { return plan.Rule{Backends: backends} }
	three := rule(plan.Backend{Service: "default/web-stable", Requests: 70}, plan.Backend{Service: "default/web"}, plan.Backend{Service: "default/web-canary", Requests: 20})
	served := plan.Route{Accepted: true, Rules: []plan.Rule{
		three, rule(plan.Backend{Service: "default/web-canary", Requests: 10}), rule(plan.Backend{Service: "default/other", Requests: 1000}),
	}}
	refused := served
	refused.Accepted = false
	for name, c := range map[string]struct {
		route plan.Route
		want  float64
		known bool
	}{
		"what matched counts too, what goes elsewhere does not": {served, 30, true},
		"a route that is not accepted":                          {refused, 0, false},
		"a route that leads to no new version":                  {plan.Route{Accepted: true, Rules: served.Rules[2:]}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			seen, route := released(), "shop"
			seen.Rollouts[0].Spec.Strategy.Canary.TrafficRoutings = []rolloutsv1beta1.TrafficRouting{{Service: "web", Gateway: &rolloutsv1beta1.GatewayRouting{HTTPRouteName: &route}}}
			seen.Plans = []plan.Plan{{Routes: map[string]plan.Route{plan.RouteKey("HTTPRoute", "default", "shop"): c.route}}}
			share := view.Of(seen).Releases[0].Measured
			if (share != nil) != c.known || (share != nil && share.Percent() != c.want) {
				t.Errorf("got %+v, want known %t and %g %%", share, c.known, c.want)
			}
		})
	}
}

func TestNextIsWhatMakesSense(t *testing.T) {
	cases := map[string]struct {
		change func(*corev1beta1.Application)
		want   []string
	}{
		"suspended":                  {func(*corev1beta1.Application) {}, []string{view.WhyResume, view.WhyRollback}},
		"its steps ended before all": {func(a *corev1beta1.Application) { a.Status.Phase = corev1beta1.PhaseRunning }, []string{view.WhyRollback}},
		"failed":                     {func(a *corev1beta1.Application) { a.Status.Phase = corev1beta1.PhaseWorkflowFailed }, []string{view.WhyRollback, view.WhyRestart, view.WhyFix}},
		"a step":                     {func(a *corev1beta1.Application) { a.Status.Phase = corev1beta1.PhaseRunningWorkflow }, []string{view.WhyWatch, view.WhyRollback}},
		"unhealthy":                  {func(a *corev1beta1.Application) { a.Status.Phase = corev1beta1.PhaseUnhealthy }, []string{view.WhyLogs, view.WhyRevision}},
		"going away":                 {func(a *corev1beta1.Application) { a.DeletionTimestamp = &metav1.Time{} }, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			seen := released()
			c.change(seen.App)
			var got []string
			for _, command := range view.Of(seen).Next {
				got = append(got, command.Why)
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %v, want %v", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("got %v, want %v", got, c.want)
				}
			}
		})
	}
}

func TestWhatAResumeLeadsToIsOnlyPromisedWhileThereIsSomethingToReleaseInSteps(t *testing.T) {
	weight := func(w string) *runtime.RawExtension {
		return &runtime.RawExtension{Raw: []byte(`{"weight": ` + w + `}`)}
	}
	seen := released()
	seen.App.Spec.Workflow = &corev1beta1.Workflow{Steps: []corev1beta1.WorkflowStep{
		{StepBase: corev1beta1.StepBase{Name: "rollout-20", Type: "canary-deploy", Properties: weight("20")}},
		{StepBase: corev1beta1.StepBase{Name: "gate", Type: "suspend"}},
		{StepBase: corev1beta1.StepBase{Name: "rollout-50", Type: "canary-deploy", Properties: weight("50")}},
	}}
	seen.App.Status.Workflow.Steps = []corev1beta1.StepStatus{
		{StepStatusBase: corev1beta1.StepStatusBase{Name: "rollout-20", Phase: corev1beta1.StepSucceeded}},
		{StepStatusBase: corev1beta1.StepStatusBase{Name: "gate", Phase: corev1beta1.StepSuspending}},
	}
	if got := view.Of(seen).Next[0]; got.Target != "rollout-50" || got.Weight == nil || *got.Weight != 50 {
		t.Errorf("at 20 %% a resume leads to %+v, want 50 %%", got)
	}
	seen.Rollouts = nil
	if got := view.Of(seen).Next[0]; got.Target != "rollout-50" || got.Weight != nil {
		t.Errorf("a first version is all new at once, but a resume is said to lead to %+v", got)
	}
}

func TestWhatARolloutSaidAboutAnEarlierPlanIsNotRepeated(t *testing.T) {
	seen := released()
	r := &seen.Rollouts[0]
	fifty, twenty, told := "50%", int32(20), "Rollout is in step(1/1): 1 pod; you need manually confirm to enter the next step"
	r.Spec.Strategy.Canary.Steps = []rolloutsv1beta1.Step{{Traffic: &fifty}}
	r.Status.Message, r.Status.CanaryStatus.DesiredWeight = told, &twenty
	r.Generation, r.Status.ObservedGeneration = 2, 2
	if got := view.Of(seen).Releases[0]; got.Message != told || *got.Asked != 20 {
		t.Errorf("of the present plan it tells %q and %d %%", got.Message, *got.Asked)
	}
	r.Generation = 3
	if got := view.Of(seen).Releases[0]; got.Message != "" || *got.Asked != 50 {
		t.Errorf("the plan has changed since, and it tells %q and %d %%, want no message and 50 %%", got.Message, *got.Asked)
	}
}

func TestAServiceTellsWhyItsPodsDoNotStart(t *testing.T) {
	waiting := func(reason, message string) corev1.Pod {
		p := pod("any")
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web", Image: "demo:v1",
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}}
		return p
	}
	crashed := waiting("CrashLoopBackOff", "")
	crashed.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 3}
	hungry := waiting("CrashLoopBackOff", "")
	hungry.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"}
	between := pod("any")
	between.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web", State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3, Reason: "Error"}}}}
	again := pod("any")
	again.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3, Reason: "Error"}}}}
	recovered := *again.DeepCopy()
	recovered.Status.ContainerStatuses[0].Ready = true
	unplaced := pod("any")
	unplaced.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/1 nodes: insufficient cpu"}}
	noon := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	probed := func(since time.Duration) corev1.Pod {
		p := pod("any")
		p.Spec.Containers = []corev1.Container{{Name: "web", ReadinessProbe: &corev1.Probe{InitialDelaySeconds: 5, PeriodSeconds: 10, FailureThreshold: 3,
			ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/health", Port: intstr.FromInt32(8090)}}}}}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web",
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.Time{Time: noon.Add(-since)}}}}}
		return p
	}
	leaving := waiting("ImagePullBackOff", "")
	leaving.DeletionTimestamp = &metav1.Time{}
	foreign := waiting("ImagePullBackOff", "")
	foreign.Labels[corev1beta1.LabelAppComponent] = "api"
	cases := map[string]struct {
		pods []corev1.Pod
		want string
	}{
		"nothing to worry about":                  {[]corev1.Pod{pod("any"), waiting("ContainerCreating", "")}, ""},
		"the same for two":                        {[]corev1.Pod{waiting("ErrImagePull", "no such host"), waiting("ErrImagePull", "no such host")}, "2 pods: ErrImagePull, container web, image demo:v1"},
		"it ends again and again":                 {[]corev1.Pod{crashed}, "1 pod: CrashLoopBackOff, container web ended with exit code 3"},
		"it has just ended":                       {[]corev1.Pod{between}, "1 pod: Error, container web ended with exit code 3"},
		"it was just started again":               {[]corev1.Pod{again}, "1 pod: Error, container web ended with exit code 3"},
		"it failed once and is well since":        {[]corev1.Pod{recovered}, ""},
		"it takes too much memory":                {[]corev1.Pod{hungry}, "1 pod: CrashLoopBackOff, container web ended for lack of memory (OOMKilled)"},
		"its command does not exist":              {[]corev1.Pod{waiting("RunContainerError", "exec: no such file\nmore")}, "1 pod: RunContainerError, container web, image demo:v1: exec: no such file"},
		"its probe does not pass":                 {[]corev1.Pod{probed(36 * time.Second)}, "1 pod: container web runs, but its readiness probe (HTTP GET /health on port 8090) does not pass"},
		"its probe has time":                      {[]corev1.Pod{probed(34 * time.Second)}, ""},
		"no node has room":                        {[]corev1.Pod{unplaced}, "1 pod: Unschedulable: 0/1 nodes: insufficient cpu"},
		"one that goes, one of another component": {[]corev1.Pod{leaving, foreign}, ""},
	}
	for name, c := range cases {
		seen := released()
		seen.Rollouts, seen.Pods, seen.Now = nil, c.pods, noon
		seen.App.Status.Services = []corev1beta1.ServiceStatus{{Name: "web"}}
		if got := strings.Join(view.Of(seen).Services[0].Problems, "; "); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
	seen := released()
	seen.Pods = []corev1.Pod{crashed}
	seen.App.Status.Phase = corev1beta1.PhaseRunningWorkflow
	if next := view.Of(seen).Next; next[len(next)-1].Why != view.WhyLogs {
		t.Errorf("a container has failed, and nobody names its log: %+v", next)
	}
	seen.App.Status.Services = []corev1beta1.ServiceStatus{{Name: "web"}}
	if got := view.Of(seen).Services[0].Problems; got != nil {
		t.Errorf("while it is released its Release tells, not its service too: %q", got)
	}
}
