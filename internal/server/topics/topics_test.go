// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package topics_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/test/uxstage"
)

// pod of the new version, which is not ready yet.
func pod() *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "demo-new-1", UID: "uid-pod", Labels: map[string]string{
		v1beta1.LabelAppName: "demo", v1beta1.LabelAppComponent: "demo", appsv1.DefaultDeploymentUniqueLabelKey: "new",
	}}}
	p.Spec.Containers = []corev1.Container{{Name: "demo", Image: "demo:v2"}}
	p.Status.Phase = corev1.PodRunning
	return p
}

// waiting is an application that waits for an approval with one pod of its new version.
func waiting(t *testing.T) *uxstage.Stage {
	t.Helper()
	spec := uxstage.Application("demo", "demo:v1")
	spec.Workflow = &v1beta1.Workflow{Steps: []v1beta1.WorkflowStep{
		{StepBase: v1beta1.StepBase{Name: "apply", Type: "apply-component"}}, {StepBase: v1beta1.StepBase{Name: "approve", Type: "suspend"}},
	}}
	app := &v1beta1.Application{ObjectMeta: metav1.ObjectMeta{
		Name: "demo", Namespace: "default", Annotations: map[string]string{v1beta1.AnnotationPublishVersion: "v1"},
	}, Spec: spec}
	event := &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "e1"}, Reason: "Scheduled", Message: "to node-1", Type: "Normal",
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", Namespace: "default", Name: "demo-new-1"}, LastTimestamp: metav1.NewTime(uxstage.Begun())}
	s := uxstage.New(t, app, pod(), event)
	s.Released("demo", "approve")
	return s
}

func TestATopicSaysWhatItsOperationAnswers(t *testing.T) {
	s := waiting(t)
	viewer := s.SignIn("v", access.Viewer)
	paths := map[string]string{
		"apps:*": "/apps", "apps:default": "/apps?ns=default", "app:default/demo": "/apps/default/demo/overview", "run:default/demo/v1": "/apps/default/demo/runs/v1",
		"topology:default/demo": "/apps/default/demo/topology", "pods:default/demo": "/apps/default/demo/pods",
		"activity:default": "/activity?ns=default", "system": "/system", "activity:default/demo": "/activity?ns=default&app=demo",
	}
	var topics []string
	for topic := range paths {
		topics = append(topics, topic)
	}
	tab := viewer.Follow(s, topics...)
	same := func(topic string) func([]byte) bool {
		return func(data []byte) bool {
			answer := viewer.Do(http.MethodGet, paths[topic], nil).Want(http.StatusOK, nil).Body
			return data != nil && jsonpatch.Equal(steady(t, answer), steady(t, data))
		}
	}
	for _, topic := range topics {
		tab.Until(topic+" begins", topic, same(topic))
	}
	uxstage.Change(s, pod(), func(p *corev1.Pod) {
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	})
	ready := func(data []byte) bool { return strings.Contains(string(data), `"Ready"`) }
	for _, topic := range []string{"app:default/demo", "topology:default/demo", "pods:default/demo"} {
		tab.Until(topic+" says that the pod is ready", topic, ready)
		tab.Until(topic+" goes on", topic, same(topic))
	}
	if err := s.Client.Delete(t.Context(), s.Live("demo")); err != nil {
		t.Fatal(err)
	}
	for _, topic := range []string{"app:default/demo", "run:default/demo/v1", "topology:default/demo", "pods:default/demo"} {
		tab.UntilEvent(topic, api.StreamEventEventGone)
	}
	tab.Until("the list is empty", "apps:*", func(data []byte) bool { return string(data) == `{"items":[]}` })
}

// steady is data without the time of the look.
func steady(t *testing.T, data []byte) []byte {
	t.Helper()
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &members); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
	delete(members, "observedAt")
	out, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestATopicIsForThoseWhoMayAsk(t *testing.T) {
	s := waiting(t)
	stranger := s.SignIn("stranger")
	topics := []string{"apps:default", "app:default/demo", "run:default/demo/v1", "topology:default/demo", "pods:default/demo", "activity:default"}
	tab := stranger.Follow(s, topics...)
	for _, topic := range topics {
		if e := tab.UntilEvent(topic, api.StreamEventEventDenied); e.Code != api.ProblemCodeForbidden || e.Params["namespace"] != "default" {
			t.Errorf("%s: %+v", topic, e)
		}
	}
}

func TestRightsThatAreTakenAwayEndTheStreamAtTheNextRefusal(t *testing.T) {
	s := waiting(t)
	s.Grant("v", access.Viewer)
	v := s.SignIn("v")
	tab := v.Follow(s, "app:default/demo")
	tab.Until("data", "app:default/demo", func(data []byte) bool { return data != nil })
	s.Grant("v")
	v.Do(http.MethodDelete, "/apps/default/demo", nil).WantProblem(http.StatusForbidden, api.ProblemCodeForbidden)
	at := s.Clock.Now()
	tab.UntilEvent("app:default/demo", api.StreamEventEventDenied)
	if waited := s.Clock.Now().Sub(at).Seconds(); waited > 30 {
		t.Errorf("it took %.0f s: that was the look of every minute", waited)
	}
}

func TestSigningOutEndsTheStreams(t *testing.T) {
	s := waiting(t)
	v := s.SignIn("v", access.Viewer)
	tab := v.Follow(s, "app:default/demo")
	tab.Until("data", "app:default/demo", func(data []byte) bool { return data != nil })
	v.Do(http.MethodPost, "/auth/logout", map[string]any{}).Want(http.StatusNoContent, nil)
	if e := tab.UntilEvent("app:default/demo", api.StreamEventEventDenied); e.Code != api.ProblemCodeSignedOut {
		t.Errorf("code %s", e.Code)
	}
}
