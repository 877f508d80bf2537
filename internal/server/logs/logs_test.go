// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package logs_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/test/flow"
	"github.com/vela-rollouts/vela/internal/test/uxstage"
)

func pod(name, hash string, restarts int32) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Labels: map[string]string{
		v1beta1.LabelAppName: "demo", v1beta1.LabelAppComponent: "demo", "pod-template-hash": hash,
	}}}
	p.Spec.Containers = []corev1.Container{{Name: "demo", Image: "demo:" + hash}}
	p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "demo", RestartCount: restarts, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
	return p
}

// kubelet has the logs of pods.
type kubelet struct {
	mu     sync.Mutex
	text   map[string]string
	opened map[string]chan *io.PipeWriter
	asked  map[string]corev1.PodLogOptions
	person string
}

func (k *kubelet) log(_ context.Context, p access.Person, _, pod string, o *corev1.PodLogOptions) (io.ReadCloser, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.person, k.asked[pod] = p.User, *o
	if o.Follow {
		r, w := io.Pipe()
		k.opening(pod) <- w
		return r, nil
	}
	text, ok := k.text[pod]
	if !ok {
		return nil, apierrors.NewBadRequest("container demo is waiting to start")
	}
	return io.NopCloser(strings.NewReader(text)), nil
}

// opening has the logs of a pod that were opened to be followed; k is locked.
func (k *kubelet) opening(pod string) chan *io.PipeWriter {
	if k.opened[pod] == nil {
		k.opened[pod] = make(chan *io.PipeWriter, 10)
	}
	return k.opened[pod]
}

// followed is the log of a pod once the server follows it.
func (k *kubelet) followed(s *uxstage.Stage, pod string) *io.PipeWriter {
	s.T.Helper()
	k.mu.Lock()
	opened := k.opening(pod)
	k.mu.Unlock()
	w, _ := flow.Next(s.T, s.Clock, "the log of "+pod+" is opened", opened)
	return w
}

// between is an application between two versions, with one pod of each.
func between(t *testing.T) (*uxstage.Stage, *kubelet) {
	t.Helper()
	spec := uxstage.Application("demo", "demo:v1")
	spec.Workflow = &v1beta1.Workflow{Steps: []v1beta1.WorkflowStep{
		{StepBase: v1beta1.StepBase{Name: "apply", Type: "apply-component"}}, {StepBase: v1beta1.StepBase{Name: "approve", Type: "suspend"}},
	}}
	app := &v1beta1.Application{ObjectMeta: metav1.ObjectMeta{Name: "demo", Namespace: "default", Annotations: map[string]string{v1beta1.AnnotationPublishVersion: "v1"}}, Spec: spec}
	s := uxstage.New(t, app, pod("demo-old", "old", 0), pod("demo-new", "new", 0), func() *corev1.Pod {
		foreign := pod("foreign", "x", 0)
		foreign.Labels = nil
		return foreign
	}())
	s.Released("demo", "")
	uxstage.Change(s, s.Live("demo"), func(a *v1beta1.Application) { a.Annotations[v1beta1.AnnotationPublishVersion] = "v2" })
	s.Released("demo", "approve")
	k := &kubelet{text: map[string]string{}, opened: map[string]chan *io.PipeWriter{}, asked: map[string]corev1.PodLogOptions{}}
	s.OpenLog = k.log
	return s, k
}

func lines(t *testing.T, a uxstage.Answer) []api.LogLine {
	t.Helper()
	a.Want(http.StatusOK, nil)
	if kind := a.Header.Get("Content-Type"); kind != "application/x-ndjson" {
		t.Fatalf("Content-Type %s", kind)
	}
	var all []api.LogLine
	for raw := range bytes.Lines(a.Body) {
		var l api.LogLine
		if err := json.Unmarshal(raw, &l); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		all = append(all, l)
	}
	return all
}

func TestLogsOfBothVersionsAreOneStoryInTheOrderOfTime(t *testing.T) {
	s, k := between(t)
	k.text["demo-old"] = "2026-11-29T09:00:01Z old one\n2026-11-29T09:00:03Z old two\nno time\n"
	k.text["demo-new"] = "2026-11-29T09:00:02.5Z new \x1b[31mred\x1b[0m\n"
	v := s.SignIn("v", access.Viewer)
	var got []string
	for _, l := range lines(t, v.Do(http.MethodGet, "/apps/default/demo/logs", nil)) {
		got = append(got, fmt.Sprintf("%s %s %s", l.Pod, l.Role, l.Text))
	}
	want := []string{"demo-old stable old one", "demo-new canary new \x1b[31mred\x1b[0m", "demo-old stable old two", "demo-old stable no time"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if k.person != "v" {
		t.Errorf("the log was opened as %q", k.person)
	}
	if o := k.asked["demo-old"]; *o.TailLines != 200 || !o.Timestamps || o.LimitBytes == nil {
		t.Errorf("the log is not bounded: %+v", o)
	}
}

func TestLogsAreNarrowedDown(t *testing.T) {
	s, k := between(t)
	k.text["demo-old"] = "2026-11-29T09:00:01Z GET /old 200\n"
	k.text["demo-new"] = "2026-11-29T09:00:02Z GET /new 500\n2026-11-29T09:00:03Z " + strings.Repeat("x", 100<<10) + "\n"
	v := s.SignIn("v", access.Viewer)
	cases := map[string]struct {
		query string
		want  int
		all   func(api.LogLine) bool
	}{
		"to a revision":           {"revision=demo-v2", 2, func(l api.LogLine) bool { return l.Revision == "demo-v2" }},
		"to a published version":  {"revision=v1", 1, func(l api.LogLine) bool { return l.Revision == "demo-v1" }},
		"to a pod":                {"pod=demo-old", 1, func(l api.LogLine) bool { return l.Pod == "demo-old" }},
		"to a text in any case":   {"q=get+/NEW", 1, func(l api.LogLine) bool { return strings.HasSuffix(l.Text, "500") }},
		"to another component":    {"component=none", 0, nil},
		"a line that is too long": {"pod=demo-new&q=xxx", 1, func(l api.LogLine) bool { return strings.HasSuffix(l.Text, "…") && len(l.Text) < 65<<10 }},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := lines(t, v.Do(http.MethodGet, "/apps/default/demo/logs?"+tc.query, nil))
			if len(got) != tc.want {
				t.Fatalf("%d lines, want %d: %.300v", len(got), tc.want, got)
			}
			for _, l := range got {
				if !tc.all(l) {
					t.Errorf("%.200v is not wanted", l)
				}
			}
		})
	}
}

func TestWhatCannotBeReadIsSaid(t *testing.T) {
	s, k := between(t)
	k.text["demo-old"] = "2026-11-29T09:00:01Z fine\n"
	v := s.SignIn("v", access.Viewer)
	got := lines(t, v.Do(http.MethodGet, "/apps/default/demo/logs", nil))
	if len(got) != 2 || got[0].Notice != api.LogLineNoticeFailed || got[0].Pod != "demo-new" || !strings.Contains(got[0].Text, "waiting to start") || got[1].Text != "fine" {
		t.Errorf("got %+v", got)
	}
	for query, code := range map[string]api.ProblemCode{
		"pod=foreign": api.ProblemCodeNotFound, "tail=5001": api.ProblemCodeBadRequest, "follow=true&previous=true": api.ProblemCodeBadRequest, "sinceSeconds=-1": api.ProblemCodeBadRequest,
	} {
		status := http.StatusBadRequest
		if code == api.ProblemCodeNotFound {
			status = http.StatusNotFound
		}
		v.Do(http.MethodGet, "/apps/default/demo/logs?"+query, nil).WantProblem(status, code)
	}
}

// follow reads lines as they come; the clock goes on meanwhile.
func follow(t *testing.T, s *uxstage.Stage, b *uxstage.Browser, query string) func(what string) api.LogLine {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/api/v1/apps/default/demo/logs?follow=true"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.HTTP.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	got := make(chan api.LogLine, 100)
	go func() {
		defer close(got)
		for in := bufio.NewScanner(resp.Body); in.Scan(); {
			var l api.LogLine
			if json.Unmarshal(in.Bytes(), &l) == nil {
				got <- l
			}
		}
	}()
	return func(what string) api.LogLine {
		t.Helper()
		l, open := flow.Next(t, s.Clock, what, got)
		if !open {
			t.Fatalf("the log ended before %s", what)
		}
		return l
	}
}

func say(t *testing.T, w io.Writer, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

func TestFollowedLogsGoOnWithPodsThatComeAndContainersThatStartAgain(t *testing.T) {
	s, k := between(t)
	next := follow(t, s, s.SignIn("v", access.Viewer), "")
	say(t, k.followed(s, "demo-old"), "2026-11-29T09:00:01Z one\n")
	if l := next("a line of a pod that was there"); l.Text != "one" || l.Pod != "demo-old" {
		t.Errorf("got %+v", l)
	}
	if err := s.Client.Create(t.Context(), pod("demo-next", "new", 0)); err != nil {
		t.Fatal(err)
	}
	came := k.followed(s, "demo-next")
	say(t, came, "2026-11-29T09:00:02Z two\n")
	if l := next("a line of a pod that came"); l.Text != "two" || l.Pod != "demo-next" || l.Role != api.VersionRoleCanary {
		t.Errorf("got %+v", l)
	}
	_ = came.Close()
	if l := next("the end of a container"); l.Notice != api.LogLineNoticeEnded || l.Pod != "demo-next" {
		t.Errorf("got %+v", l)
	}
	uxstage.Change(s, pod("demo-next", "new", 0), func(p *corev1.Pod) { p.Status.ContainerStatuses[0].RestartCount = 1 })
	say(t, k.followed(s, "demo-next"), "2026-11-29T09:00:03Z three\n")
	if l := next("a line of the container that started again"); l.Text != "three" {
		t.Errorf("got %+v", l)
	}
}

// TestWithoutAChangeNothingIsLookedFor lets two minutes go by: the permission is looked at again, pods are not.
func TestWithoutAChangeNothingIsLookedFor(t *testing.T) {
	s, k := between(t)
	next := follow(t, s, s.SignIn("v", access.Viewer), "&pod=demo-old")
	log := k.followed(s, "demo-old")
	say(t, log, "2026-11-29T09:00:01Z one\n")
	next("a line")
	before := s.Reads()
	s.Clock.Step(2 * time.Minute)
	say(t, log, "2026-11-29T09:00:02Z two\n")
	next("the next line")
	if after := s.Reads(); after != before {
		t.Errorf("the server read %d times though nothing changed", after-before)
	}
}

func TestAnApplicationThatIsDeletedEndsItsLogs(t *testing.T) {
	s, k := between(t)
	next := follow(t, s, s.SignIn("v", access.Viewer), "&pod=demo-old")
	k.followed(s, "demo-old")
	if err := s.Client.Delete(t.Context(), s.Live("demo")); err != nil {
		t.Fatal(err)
	}
	if l := next("the end"); l.Notice != api.LogLineNoticeEnded || !strings.Contains(l.Text, "demo") {
		t.Errorf("got %+v", l)
	}
}

func TestWhoMayNotReadOnIsTold(t *testing.T) {
	s, k := between(t)
	s.Grant("v", access.Viewer)
	next := follow(t, s, s.SignIn("v"), "&pod=demo-old")
	say(t, k.followed(s, "demo-old"), "2026-11-29T09:00:01Z one\n")
	next("a line")
	s.Grant("v")
	for {
		l := next("the refusal")
		if l.Notice == api.LogLineNoticeFailed {
			if !strings.Contains(l.Text, "pods/log") {
				t.Errorf("got %+v", l)
			}
			return
		}
	}
}

func TestASessionHasSixLogsAtMost(t *testing.T) {
	s, _ := between(t)
	v := s.SignIn("v", access.Viewer)
	for range 6 {
		follow(t, s, v, "&pod=demo-old")
	}
	v.Do(http.MethodGet, "/apps/default/demo/logs?follow=true", nil).WantProblem(http.StatusTooManyRequests, api.ProblemCodeTooManyStreams)
}
