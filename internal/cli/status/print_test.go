// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/text"
	"github.com/vela-rollouts/vela/internal/edge/plan"
	"github.com/vela-rollouts/vela/internal/view"
)

var update = flag.Bool("update", false, "write the goldens")

func TestMain(m *testing.M) {
	time.Local = time.UTC // what people see is local time; the goldens are in one zone
	os.Exit(m.Run())
}

// TestPrint compares what is printed with testdata/<sentence>.txt.
func TestPrint(t *testing.T) {
	cases := map[string]func() view.Seen{
		"version one runs": running,
		"suspended at 20 percent with a measured share":  suspendedAt20,
		"suspended while the edge does not answer":       edgeSilent,
		"suspended with no requests yet":                 noRequests,
		"a step is running and its pod is not ready yet": stepRunning,
		"an image that never starts":                     brokenImage,
		"rolled back to version one":                     rolledBack,
		"a service is unhealthy":                         unhealthy,
		"a pod does not start while nothing is released": podCrashes,
		"a change is not published":                      unpublished,
		"two components and one is released":             twoComponents,
		"terminated at 20 percent":                       terminated,
		"a component without a gateway":                  noGateway,
		"a step group with a suspend that has an end":    stepGroup,
		"being deleted in another namespace":             deleting,
	}
	for name, seen := range cases {
		t.Run(name, func(t *testing.T) {
			english, err := text.Load(text.English)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, name, printed(t, seen(), english))
		})
	}
}

func TestPrintInChineseKeepsTheWordsThatScriptsRead(t *testing.T) {
	chinese, err := text.Load(text.Chinese)
	if err != nil {
		t.Fatal(err)
	}
	got := printed(t, suspendedAt20(), chinese)
	compare(t, "in Chinese", got)
	for _, want := range []string{"About:", "Workflow:", "mode: StepByStep-DAG", "message: Suspended by field suspend", "Services:", "Healthy Ready:5/5"} {
		if !strings.Contains(got, want) {
			t.Errorf("the tutorial's %q is missing", want)
		}
	}
}

func printed(t *testing.T, seen view.Seen, said text.Text) string {
	t.Helper()
	var b bytes.Buffer
	if err := Print(&b, view.Of(seen), output.Style{}, said); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func compare(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", strings.ReplaceAll(name, " ", "-")+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("reading the golden, run with -update to write it: %v", err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("printed text differs (-want +got):\n%s", diff)
	}
}

func at(clock string) metav1.Time {
	moment, err := time.Parse(time.DateTime, "2026-11-23 "+clock)
	if err != nil {
		panic(err)
	}
	return metav1.NewTime(moment)
}

// app is the tutorial's application, running version one.
func app() *v1beta1.Application {
	a := &v1beta1.Application{}
	a.Name, a.Namespace, a.CreationTimestamp = "canary-demo", "default", at("14:27:58")
	a.Annotations = map[string]string{v1beta1.AnnotationPublishVersion: "v1"}
	a.Spec.Components = []v1beta1.Component{{Name: "canary-demo", Type: "webservice"}}
	a.Status.Phase = v1beta1.PhaseRunning
	a.Status.LatestRevision = &v1beta1.RevisionName{Name: "canary-demo-v1", Revision: 1}
	a.Status.Workflow = &v1beta1.WorkflowStatus{
		AppRevision: "v1", Mode: "DAG-DAG", Phase: v1beta1.WorkflowSucceeded, Finished: true,
		Steps: []v1beta1.StepStatus{done("c1cqamr5w6", "canary-demo", "apply-component")},
	}
	a.Status.Services = []v1beta1.ServiceStatus{{
		Name: "canary-demo", Namespace: "default", Cluster: "local", Healthy: true, Message: "Ready:5/5",
		Traits: []v1beta1.TraitStatus{
			{Type: "scaler", Healthy: true},
			{Type: "gateway", Healthy: true, Message: "No loadBalancer found, visiting by using 'vela port-forward canary-demo'\n"},
		},
	}}
	return a
}

func done(id, name, kind string) v1beta1.StepStatus {
	return v1beta1.StepStatus{StepStatusBase: v1beta1.StepStatusBase{ID: id, Name: name, Type: kind, Phase: v1beta1.StepSucceeded}}
}

func suspending(id, name string) v1beta1.StepStatus {
	return v1beta1.StepStatus{StepStatusBase: v1beta1.StepStatusBase{
		ID: id, Name: name, Type: "suspend", Phase: v1beta1.StepSuspending, Message: "Suspended by field suspend",
	}}
}

func canary(name string, weight int) v1beta1.WorkflowStep {
	return v1beta1.WorkflowStep{StepBase: v1beta1.StepBase{
		Name: name, Type: "canary-deploy", Properties: &runtime.RawExtension{Raw: fmt.Appendf(nil, `{"weight":%d}`, weight)},
	}}
}

func suspend(name string) v1beta1.WorkflowStep {
	return v1beta1.WorkflowStep{StepBase: v1beta1.StepBase{Name: name, Type: "suspend"}}
}

func revision(name, version string, succeeded bool, spec v1beta1.ApplicationSpec) v1beta1.ApplicationRevision {
	r := v1beta1.ApplicationRevision{}
	r.Name, r.Namespace = name, "default"
	r.Annotations = map[string]string{v1beta1.AnnotationPublishVersion: version}
	r.Spec.Application.Annotations = r.Annotations
	r.Spec.Application.Spec = spec
	r.Status.Succeeded = succeeded
	return r
}

func running() view.Seen {
	a := app()
	return view.Seen{App: a, Revisions: []v1beta1.ApplicationRevision{revision("canary-demo-v1", "v1", true, a.Spec)}}
}

// suspendedAt20 is the tutorial's second status.
func suspendedAt20() view.Seen {
	a := app()
	v1 := a.Spec
	a.Annotations[v1beta1.AnnotationPublishVersion] = "v2"
	a.Spec.Workflow = &v1beta1.Workflow{Steps: []v1beta1.WorkflowStep{
		canary("rollout-20", 20), suspend("suspend-1st"), canary("rollout-50", 50), suspend("suspend-2nd"), canary("rollout-100", 100),
	}}
	a.Status.Phase = v1beta1.PhaseWorkflowSuspending
	a.Status.LatestRevision = &v1beta1.RevisionName{Name: "canary-demo-v2", Revision: 2}
	a.Status.Workflow = &v1beta1.WorkflowStatus{
		AppRevision: "v2", Mode: "StepByStep-DAG", Phase: v1beta1.WorkflowSuspending, Suspend: true,
		Steps: []v1beta1.StepStatus{done("hqhtsm949f", "rollout-20", "canary-deploy"), suspending("umzd2xain9", "suspend-1st")},
	}
	const paused = "Rollout is in step(1/1), and you need manually confirm to enter the next step"
	a.Status.Services[0].Traits = []v1beta1.TraitStatus{
		{Type: "rolling-release", Healthy: true, Message: paused},
		{Type: "scaler", Healthy: true},
		{Type: "gateway", Healthy: true, Message: "Visiting URL: canary-demo.com, IP: 192.168.9.103"},
	}
	r := rollout("canary-demo", 20)
	r.Status.Message, r.Status.CurrentStepState = paused, rolloutsv1beta1.StepPaused
	return view.Seen{
		App: a,
		Revisions: []v1beta1.ApplicationRevision{
			revision("canary-demo-v1", "v1", true, v1), revision("canary-demo-v2", "v2", false, a.Spec),
		},
		Rollouts: []rolloutsv1beta1.Rollout{r},
		Pods:     append(pods("canary-demo", "old", "wangyikewyk/canarydemo:v1", 4), pods("canary-demo", "new", "wangyikewyk/canarydemo:v2", 1)...),
		Plans: []plan.Plan{{Ingresses: map[string]plan.Ingress{
			"default/canary-demo-canary": {Accepted: true, Canary: true, Weight: 20, Total: 100, Since: at("15:11:20").Time, StableRequests: 802, CanaryRequests: 198},
		}}},
	}
}

func rollout(name string, weight int32) rolloutsv1beta1.Rollout {
	traffic := fmt.Sprintf("%d%%", weight)
	r := rolloutsv1beta1.Rollout{}
	r.Name, r.Namespace = name, "default"
	r.Spec.ReleaseID = "canary-demo-v2"
	r.Spec.Strategy.Canary = &rolloutsv1beta1.CanaryStrategy{
		Steps:           []rolloutsv1beta1.Step{{Traffic: &traffic}},
		TrafficRoutings: []rolloutsv1beta1.TrafficRouting{{Service: name, Ingress: &rolloutsv1beta1.IngressRouting{Name: name}}},
	}
	r.Status.Phase, r.Status.CurrentStepIndex = rolloutsv1beta1.PhaseProgressing, 1
	r.Status.CanaryStatus = &rolloutsv1beta1.CanaryStatus{
		StableRevision: "old", CanaryRevision: "new", PodTemplateHash: "new",
		CanaryReplicas: 1, CanaryReadyReplicas: 1, StableReplicas: 4, StableReadyReplicas: 4,
		DesiredWeight: &weight, ServedWeight: &weight,
	}
	return r
}

func pods(component, hash, image string, n int) []corev1.Pod {
	all := make([]corev1.Pod, n)
	for i := range all {
		all[i].Name = fmt.Sprintf("%s-%s-%d", component, hash, i)
		all[i].Labels = map[string]string{v1beta1.LabelAppComponent: component, "pod-template-hash": hash}
		all[i].Spec.Containers = []corev1.Container{{Name: component, Image: image}}
	}
	return all
}

func edgeSilent() view.Seen {
	seen := suspendedAt20()
	seen.Plans = nil
	seen.Rollouts[0].Status.CanaryStatus.ServedWeight = nil
	return seen
}

func noRequests() view.Seen {
	seen := suspendedAt20()
	route := seen.Plans[0].Ingresses["default/canary-demo-canary"]
	route.StableRequests, route.CanaryRequests = 0, 0
	seen.Plans[0].Ingresses["default/canary-demo-canary"] = route
	return seen
}

func stepRunning() view.Seen {
	seen := suspendedAt20()
	seen.App.Status.Phase = v1beta1.PhaseRunningWorkflow
	w := seen.App.Status.Workflow
	w.Phase, w.Suspend = v1beta1.WorkflowExecuting, false
	w.Steps = w.Steps[:1]
	w.Steps[0].Phase, w.Steps[0].Message = v1beta1.StepRunning, "local///canary-demo is not healthy"
	r := &seen.Rollouts[0]
	r.Status.Message = "Rollout is in step(1/1), and upgrade workload to new version"
	route := seen.Plans[0].Ingresses["default/canary-demo-canary"]
	route.Weight, route.StableRequests, route.CanaryRequests = 0, 1000, 0
	seen.Plans[0].Ingresses["default/canary-demo-canary"] = route
	zero := int32(0)
	r.Status.CanaryStatus.ServedWeight, r.Status.CanaryStatus.CanaryReadyReplicas = &zero, 0
	return seen
}

func brokenImage() view.Seen {
	seen := stepRunning()
	seen.Pods[4].Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "canary-demo", Image: "wangyikewyk/canarydemo:broken",
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull"}},
	}}
	return seen
}

func rolledBack() view.Seen {
	seen := running()
	seen.App.Status.Services[0].Traits[1].Message = "Visiting URL: canary-demo.com, IP: 192.168.9.103"
	return seen
}

func unhealthy() view.Seen {
	seen := running()
	seen.App.Status.Phase = v1beta1.PhaseUnhealthy
	seen.App.Status.Services[0].Healthy = false
	seen.App.Status.Services[0].Message = "Ready:3/5"
	seen.App.Status.Services[0].Traits[1] = v1beta1.TraitStatus{Type: "gateway", Message: "Ingress canary-demo is not there"}
	return seen
}

func podCrashes() view.Seen {
	seen := unhealthy()
	seen.Pods = pods("canary-demo", "old", "wangyikewyk/canarydemo:v1", 5)
	seen.Pods[0].Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: "canary-demo", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3}},
	}}
	return seen
}

func unpublished() view.Seen {
	seen := running()
	seen.App.Status.UnpublishedChange = "the specification differs from revision canary-demo-v1 (publishVersion v1): give it a new publishVersion to release it"
	return seen
}

func twoComponents() view.Seen {
	seen := suspendedAt20()
	seen.App.Spec.Components = append([]v1beta1.Component{{Name: "backend", Type: "worker"}}, seen.App.Spec.Components...)
	seen.App.Status.Services = append([]v1beta1.ServiceStatus{{Name: "backend", Namespace: "default", Healthy: true, Message: "Ready:1/1"}}, seen.App.Status.Services...)
	return seen
}

func terminated() view.Seen {
	seen := suspendedAt20()
	seen.App.Status.Phase = v1beta1.PhaseWorkflowTerminated
	w := seen.App.Status.Workflow
	w.Phase, w.Suspend, w.Terminated, w.Finished = v1beta1.WorkflowTerminated, false, true, true
	w.Steps[1].Phase, w.Steps[1].Reason, w.Steps[1].Message = v1beta1.StepFailed, v1beta1.ReasonTerminate, ""
	return seen
}

func noGateway() view.Seen {
	seen := suspendedAt20()
	seen.Plans = nil
	seen.Rollouts[0].Spec.Strategy.Canary.TrafficRoutings = nil
	seen.App.Status.Services[0].Traits = seen.App.Status.Services[0].Traits[:2]
	return seen
}

func stepGroup() view.Seen {
	seen := suspendedAt20()
	s := seen.App.Spec.Workflow.Steps
	seen.App.Spec.Workflow.Steps = []v1beta1.WorkflowStep{{
		StepBase: v1beta1.StepBase{Name: "canary", Type: "step-group"}, Mode: v1beta1.StepModeStepByStep,
		SubSteps: []v1beta1.StepBase{s[0].StepBase, s[1].StepBase, s[2].StepBase},
	}}
	seen.Revisions[1].Spec.Application.Spec = seen.App.Spec
	w := seen.App.Status.Workflow
	end := at("16:00:00")
	wait := w.Steps[1].StepStatusBase
	wait.ResumeAt = &end
	w.Steps = []v1beta1.StepStatus{{
		StepStatusBase: v1beta1.StepStatusBase{ID: "g0g0g0g0g0", Name: "canary", Type: "step-group", Phase: v1beta1.StepSuspending},
		SubSteps:       []v1beta1.StepStatusBase{w.Steps[0].StepStatusBase, wait},
	}}
	return seen
}

func deleting() view.Seen {
	seen := running()
	gone := at("17:00:00")
	seen.App.Namespace, seen.App.DeletionTimestamp = "shop", &gone
	seen.App.Status.Services = nil
	return seen
}
