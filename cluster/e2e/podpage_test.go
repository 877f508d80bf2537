// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/test/play"
)

// tools is a pod of the application that has what this machine has under /usr, a shell among it: the demo's image has only its program.
const tools = "canary-demo-tools"

func toolsPod() *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: tools, Labels: map[string]string{"app.oam.dev/name": play.App, "app.oam.dev/component": "tools"}}}
	now := int64(0)
	pod.Spec.TerminationGracePeriodSeconds = &now
	pod.Spec.Volumes = []corev1.Volume{{Name: "usr", VolumeSource: corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/usr"}}}}
	container := func(name, script string) {
		c := corev1.Container{Name: name, Image: "wangyikewyk/canarydemo:v1", Command: []string{"/usr/bin/sh", "-c", script}}
		c.VolumeMounts = []corev1.VolumeMount{{Name: "usr", MountPath: "/usr", ReadOnly: true}}
		for _, part := range []string{"bin", "lib", "lib64"} {
			c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: "usr", MountPath: "/" + part, SubPath: part, ReadOnly: true})
		}
		pod.Spec.Containers = append(pod.Spec.Containers, c)
	}
	container("talker", `i=0; while :; do i=$((i+1)); echo "talker line $i"; sleep 0.1; done`)
	container("second", `echo "second is here"; exec sleep infinity`)
	container("short", `echo "short was here"; sleep 3; exit 3`)
	return pod
}

// TestThePageOfAPod reads logs and opens shells as the page does, in real containers.
func TestThePageOfAPod(t *testing.T) {
	p := newPage(t, "--ui-port=19082", "--ui-shell")
	client, err := kubernetes.NewForConfig(p.REST())
	must(t, err)
	pods := client.CoreV1().Pods(play.Namespace)
	must(t, p.Deploy(t.Context(), "v1.yaml"))
	must(t, p.Running(t.Context(), "v1"))
	_, err = pods.Create(t.Context(), toolsPod(), metav1.CreateOptions{})
	must(t, err)
	operator, viewer := person(t, p, "operator"), person(t, p, "viewer")
	remove := func(t *testing.T) {
		t.Helper()
		must(t, pods.Delete(t.Context(), tools, metav1.DeleteOptions{}))
	}
	said := func(container, text string) func(api.LogLine) bool {
		return func(l api.LogLine) bool {
			return l.Pod == tools && l.Container == container && strings.Contains(l.Text, text)
		}
	}

	scene(t, "the logs of several containers are followed, each line once and in its order", func(t *testing.T) {
		lines := viewer.follow(t, "follow=true&pod="+tools)
		heard := map[string]bool{}
		hear(t, lines, "a line of each container", func(l api.LogLine) bool {
			heard[l.Container] = heard[l.Container] || said(l.Container, l.Container)(l)
			return heard["talker"] && heard["second"] && heard["short"]
		})
		var first, n int
		_, err := fmt.Sscanf(hear(t, lines, "a line", said("talker", "talker line")).Text, "talker line %d", &first)
		must(t, err)
		for i := 1; i <= 20; i++ {
			_, err := fmt.Sscanf(hear(t, lines, "the next line", said("talker", "talker line")).Text, "talker line %d", &n)
			if must(t, err); n != first+i {
				t.Fatalf("line %d comes after %d", n, first+i-1)
			}
		}
		began := time.Now()
		hear(t, lines, "a line that is said only now", func(l api.LogLine) bool { return l.At != nil && l.At.After(began) })
	})
	scene(t, "all logs of the application, those of its five pods too, are one story", func(t *testing.T) {
		from := map[string]bool{}
		for _, l := range viewer.logs(t, "tail=1") {
			from[l.Pod] = true
		}
		if len(from) != 6 {
			t.Errorf("lines of %v, want of six pods", from)
		}
	})
	scene(t, "what a container said before it started again", func(t *testing.T) {
		following := viewer.follow(t, "follow=true&container=short&pod="+tools)
		hear(t, following, "the end of the container", func(l api.LogLine) bool { return l.Notice == api.LogLineNoticeEnded })
		hear(t, following, "its next beginning", said("short", "short was here"))
		lines := viewer.logs(t, "previous=true&pod="+tools)
		if len(lines) == 0 || slices.ContainsFunc(lines, func(l api.LogLine) bool { return !said("short", "short was here")(l) }) {
			t.Errorf("the previous logs are %+v", lines)
		}
	})
	scene(t, "a pod that goes away ends its lines, and one that comes by its name is followed too", func(t *testing.T) {
		lines := viewer.follow(t, "follow=true&container=talker&pod="+tools)
		hear(t, lines, "a line", said("talker", "talker line"))
		remove(t)
		end := hear(t, lines, "the end", func(l api.LogLine) bool { return l.Notice != "" })
		if end.Notice != api.LogLineNoticeEnded || end.Pod != tools {
			t.Errorf("the end is %+v", end)
		}
		must(t, gone(t, p, tools))
		_, err := pods.Create(t.Context(), toolsPod(), metav1.CreateOptions{})
		must(t, err)
		hear(t, lines, "a line of the pod that came", said("talker", "talker line 1"))
	})
	scene(t, "a shell: typed, answered, another size, and its exit code", func(t *testing.T) {
		sh, _ := operator.dial(t, operator.ticket(t, tools, "second"))
		sh.key(t, "echo $((6*7)) in $HOSTNAME; stty size\n")
		sh.see(t, "42 in "+tools)
		sh.see(t, "30 100")
		sh.write(t, websocket.MessageText, `{"kind":"resize","columns":120,"rows":40}`)
		sh.key(t, "stty size; exit 3\n")
		sh.see(t, "40 120")
		if end := sh.end(t); end.Kind != api.ExecMessageKindExit || end.ExitCode == nil || *end.ExitCode != 3 {
			t.Errorf("the end is %+v", end)
		}
	})
	scene(t, "a ticket opens one shell, and none for another person", func(t *testing.T) {
		used := operator.ticket(t, tools, "second")
		sh, _ := operator.dial(t, used)
		sh.key(t, "exit\n")
		sh.end(t)
		if _, status := operator.dial(t, used); status != http.StatusNotFound {
			t.Errorf("a ticket that was used: %d", status)
		}
		stolen := operator.ticket(t, tools, "second")
		if _, status := viewer.dial(t, stolen); status != http.StatusForbidden && status != http.StatusNotFound {
			t.Errorf("another person's ticket: %d", status)
		}
	})
	scene(t, "who has not the right gets no shell, and who has none no logs", func(t *testing.T) {
		viewer.ask(t, http.MethodPost, "/apps/default/canary-demo/pods/"+tools+"/exec-tickets", api.ExecRequest{Container: "second"}, http.StatusForbidden, nil)
		account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "nobody"}}
		_, err := client.CoreV1().ServiceAccounts(play.Namespace).Create(t.Context(), account, metav1.CreateOptions{})
		must(t, err)
		token, err := client.CoreV1().ServiceAccounts(play.Namespace).CreateToken(t.Context(), "nobody", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
		must(t, err)
		nobody := signIn(t, api.LoginRequest{Kind: api.LoginRequestKindToken, Token: token.Status.Token})
		var p api.Problem
		nobody.ask(t, http.MethodGet, logsPath+"pod="+tools, nil, http.StatusForbidden, &p)
		if p.Code != api.ProblemCodeForbidden {
			t.Errorf("the problem is %+v", p)
		}
	})
	scene(t, "an image without a shell is told so", func(t *testing.T) {
		list, err := pods.List(t.Context(), metav1.ListOptions{LabelSelector: "app.oam.dev/component=" + play.App})
		must(t, err)
		sh, _ := operator.dial(t, operator.ticket(t, list.Items[0].Name, play.App))
		if end := sh.end(t); end.Kind != api.ExecMessageKindError && (end.ExitCode == nil || *end.ExitCode == 0) || !strings.Contains(sh.screen+end.Message, "sh") {
			t.Errorf("the end is %+v, the screen %q", end, sh.screen)
		}
	})
	scene(t, "a pod that goes away takes its shell along, which says so", func(t *testing.T) {
		sh, _ := operator.dial(t, operator.ticket(t, tools, "second"))
		sh.key(t, "echo still $((1+1)) here\n")
		sh.see(t, "still 2 here")
		remove(t)
		end := sh.end(t)
		if end.ExitCode != nil {
			fmt.Printf("progress: the shell of a pod that went away ends with code %d\n", *end.ExitCode)
		}
		if end.Kind == api.ExecMessageKindExit && (end.ExitCode == nil || *end.ExitCode == 0) {
			t.Errorf("it ends as if nothing had happened: %+v", end)
		}
	})
	log, err := os.ReadFile(filepath.Join(config().DataDir, "velad.log"))
	must(t, err)
	for _, mark := range []string{"a shell was opened", "a shell was closed", "user=vela:operator", "pod=" + tools} {
		if !strings.Contains(string(log), mark) {
			t.Errorf("velad's log does not say %q", mark)
		}
	}
}

// gone waits until a pod is no more.
func gone(t *testing.T, p *play.Page, name string) error {
	t.Helper()
	return p.WaitGone(t.Context(), corev1.SchemeGroupVersion.WithResource("pods"), play.Namespace, name)
}
