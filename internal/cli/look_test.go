// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/client-go/rest"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/text"
	"github.com/vela-rollouts/vela/internal/edge/plan"
)

func TestStatusReadsTheMeasuredShareFromTheEdge(t *testing.T) {
	weight := int32(20)
	r := rolloutsv1beta1.Rollout{}
	r.APIVersion, r.Kind = rolloutsv1beta1.GroupVersion().String(), "Rollout"
	r.Name, r.Namespace = "canary-demo", "default"
	r.Labels = map[string]string{corev1beta1.LabelAppName: "canary-demo"}
	r.Spec.Strategy.Canary = &rolloutsv1beta1.CanaryStrategy{
		TrafficRoutings: []rolloutsv1beta1.TrafficRouting{{Service: "canary-demo", Ingress: &rolloutsv1beta1.IngressRouting{Name: "canary-demo"}}},
	}
	r.Status.Phase = rolloutsv1beta1.PhaseProgressing
	r.Status.CanaryStatus = &rolloutsv1beta1.CanaryStatus{DesiredWeight: &weight, ServedWeight: &weight}
	w := newWorld(t, suspended(), r)
	w.api.HandleFunc("/api/v1/namespaces/vela-system/services/vela-edge:admin/proxy"+plan.Path, func(rw http.ResponseWriter, req *http.Request) {
		key := req.URL.Query().Get("ingress")
		err := json.NewEncoder(rw).Encode(plan.Plan{Ingresses: map[string]plan.Ingress{
			key: {Accepted: true, Canary: true, Weight: 20, StableRequests: 800, CanaryRequests: 200},
		}})
		if err != nil {
			t.Error(err)
		}
	})
	got := w.vela("", "status", "canary-demo")
	for _, want := range []string{"asked 20 %, served 20 %", "20.0 % on the new version (200 of 1000 requests"} {
		if got.code != exit.OK || !strings.Contains(got.out, want) {
			t.Errorf("it does not say %q: %+v", want, got)
		}
	}
}

// TestStatusReadsTheMeasuredShareOfAllRoutes has a release that is routed by an HTTPRoute, and by an Ingress whose usual canary name
// another release has.
func TestStatusReadsTheMeasuredShareOfAllRoutes(t *testing.T) {
	route := "shop"
	r := rolloutsv1beta1.Rollout{}
	r.APIVersion, r.Kind = rolloutsv1beta1.GroupVersion().String(), "Rollout"
	r.Name, r.Namespace = "canary-demo", "default"
	r.Labels = map[string]string{corev1beta1.LabelAppName: "canary-demo"}
	r.Spec.Strategy.Canary = &rolloutsv1beta1.CanaryStrategy{TrafficRoutings: []rolloutsv1beta1.TrafficRouting{
		{Service: "canary-demo", Ingress: &rolloutsv1beta1.IngressRouting{Name: "front"}},
		{Service: "canary-demo", Gateway: &rolloutsv1beta1.GatewayRouting{HTTPRouteName: &route}},
	}}
	r.Status.Phase = rolloutsv1beta1.PhaseProgressing
	made := func(name, rollout string) networkingv1.Ingress {
		i := networkingv1.Ingress{}
		i.APIVersion, i.Kind, i.Name, i.Namespace = "networking.k8s.io/v1", "Ingress", name, "default"
		i.Labels = map[string]string{rolloutsv1beta1.LabelRolloutName: rollout}
		return i
	}
	w := newWorld(t, suspended(), r, made("front-canary", "other"), made("front-canary-canary-demo", "canary-demo"))
	w.api.HandleFunc("/api/v1/namespaces/vela-system/services/vela-edge:admin/proxy"+plan.Path, func(rw http.ResponseWriter, req *http.Request) {
		if of := req.URL.Query().Get("ingress"); of != "" {
			t.Errorf("it asks about %s alone", of)
		}
		err := json.NewEncoder(rw).Encode(plan.Plan{
			Ingresses: map[string]plan.Ingress{
				"default/front-canary":             {Accepted: true, Canary: true, CanaryRequests: 999},
				"default/front-canary-canary-demo": {Accepted: true, Canary: true, StableRequests: 80, CanaryRequests: 20},
			},
			Routes: map[string]plan.Route{"HTTPRoute/default/shop": {Accepted: true, Rules: []plan.Rule{{Backends: []plan.Backend{
				{Service: "default/canary-demo-stable", Requests: 60}, {Service: "default/canary-demo-canary", Requests: 40},
			}}}}},
		})
		if err != nil {
			t.Error(err)
		}
	})
	if got := w.vela("", "status", "canary-demo"); !strings.Contains(got.out, "30.0 % on the new version (60 of 200 requests") {
		t.Errorf("it does not say the share of both routes: %+v", got)
	}
}

func TestStatusForScripts(t *testing.T) {
	w := newWorld(t, suspended())
	w.vela("", "status", "canary-demo", "-o", "jsonpath={.status.status}").expect(t, exit.OK, "workflowSuspending\n")
	w.vela("", "status", "canary-demo", "--view", "-o", "jsonpath={.next[0].line}").expect(t, exit.OK, "vela workflow resume canary-demo\n")
	w.vela("", "status", "canary-demo", "-o", "xml").expect(t, exit.Usage, "", "-o xml is not a format")
	w.vela("", "status").expect(t, exit.Usage, "", "please specify an application")
	var app map[string]any
	if err := json.Unmarshal([]byte(w.vela("", "status", "canary-demo", "-o", "json").out), &app); err != nil || app["kind"] != "Application" {
		t.Errorf("-o json is no Application: %v", err)
	}
}

func TestStatusListsObjectsAsATree(t *testing.T) {
	tracker := corev1beta1.ResourceTracker{}
	tracker.APIVersion, tracker.Kind, tracker.Name = corev1beta1.GroupVersion().String(), "ResourceTracker", "canary-demo-v2-default"
	tracker.Labels = map[string]string{
		corev1beta1.LabelAppName: "canary-demo", corev1beta1.LabelAppNamespace: "default", corev1beta1.LabelAppRevision: "canary-demo-v2",
	}
	tracker.Spec.ManagedResources = []corev1beta1.ManagedResource{
		{Kind: "Service", Namespace: "default", Name: "canary-demo"},
		{Kind: "Deployment", Namespace: "default", Name: "canary-demo"},
		{Kind: "ClusterRole", Name: "canary-demo"},
	}
	old := *tracker.DeepCopy()
	old.Name, old.Labels[corev1beta1.LabelAppRevision] = "canary-demo-v1-default", "canary-demo-v1"
	old.Spec.ManagedResources = append(old.Spec.ManagedResources, corev1beta1.ManagedResource{Kind: "Ingress", Namespace: "default", Name: "canary-demo"})
	w := newWorld(t, suspended(), tracker, old)
	w.vela("", "status", "canary-demo", "--tree").expect(t, exit.OK, `CLUSTER    NAMESPACE    RESOURCE                 STATUS
local ─┬─  - ───        ClusterRole/canary-demo  updated
       └─  default ─┬─  Deployment/canary-demo   updated
                    ├─  Ingress/canary-demo      outdated
                    └─  Service/canary-demo      updated
`)
}

func TestLs(t *testing.T) {
	app := suspended()
	app.Spec.Components = append(app.Spec.Components, corev1beta1.Component{Name: "backend", Type: "worker"})
	w := newWorld(t, app)
	r := w.vela("", "ls")
	for _, want := range []string{"APP ", "scaler,gateway", "workflowSuspending", "healthy", "Ready:5/5", "└─"} {
		if !strings.Contains(r.out, want) {
			t.Errorf("it does not show %q:\n%s", want, r.out)
		}
	}
	w.vela("", "ls", "canary-demo").expect(t, exit.Usage, "", "vela ls takes no names", "vela status canary-demo")
}

func TestDeleteAsks(t *testing.T) {
	w := newWorld(t, suspended())
	w.vela("n\n", "delete", "canary-demo").expect(t, exit.Refused, "", "Are you sure to delete the application default/canary-demo (y/n)", "was not deleted")
	w.vela("", "delete", "canary-demo").expect(t, exit.Usage, "", "give -y")
	const gone = "Start deleting application default/canary-demo\nDelete application default/canary-demo succeeded\n"
	w.vela("y\n", "delete", "canary-demo").expect(t, exit.OK, gone, "Are you sure")
	w.vela("", "ls", "-o", "jsonpath={.items}").expect(t, exit.OK, "[]\n")
}

func TestAddonsAreBuiltInAndRemembered(t *testing.T) {
	w := newWorld(t)
	r := w.vela("", "addon", "enable", "kruise-rollout")
	if r.code != exit.OK || !strings.HasPrefix(r.out, "Addon kruise-rollout enabled successfully.\n") || !strings.Contains(r.out, "canary-deploy") {
		t.Errorf("got %+v", r)
	}
	w.vela("", "addon", "enable", "kruise-rollout").expect(t, exit.OK, "Addon kruise-rollout is enabled already.\n")
	r = w.vela("", "addon", "list")
	if !strings.Contains(r.out, "kruise-rollout  enabled") || !strings.Contains(r.out, "ingress-nginx   disabled") {
		t.Errorf("addon list:\n%s", r.out)
	}
	w.vela("", "addon", "enable", "no-such").expect(t, exit.Failed, "", "there is no add-on no-such", "kruise-rollout")
	w.vela("", "addon", "enable", "velaux").expect(t, exit.Refused, "", "not part of this version")
	w.vela("", "addon", "enable", "kruise-rollout", "upgradeCRD=true").expect(t, exit.Usage, "", "upgradeCRD=true")
	r = w.vela("", "addon", "enable", "nginx-ingress-controller")
	if r.code != exit.OK || !strings.Contains(r.out, "No other controller is installed") {
		t.Errorf("got %+v", r)
	}
	r = w.vela("", "addon", "disable", "kruise-rollout")
	if r.code != exit.OK || !strings.Contains(r.out, "Successfully disable addon:kruise-rollout\n") {
		t.Errorf("got %+v", r)
	}
}

func TestLogsOfAllPodsAreMerged(t *testing.T) {
	var pods []any
	for _, name := range []string{"a", "b"} {
		p := corev1.Pod{}
		p.APIVersion, p.Kind, p.Name, p.Namespace = "v1", "Pod", name, "default"
		p.Labels = map[string]string{corev1beta1.LabelAppName: "canary-demo", corev1beta1.LabelAppComponent: "web"}
		p.Spec.Containers = []corev1.Container{{Name: "web"}}
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "web", State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}}
		pods = append(pods, p)
	}
	w := newWorld(t, pods...)
	w.api.HandleFunc("/api/v1/namespaces/default/pods/{pod}/log", func(rw http.ResponseWriter, req *http.Request) {
		if req.URL.Query().Get("tailLines") != "1" || req.URL.Query().Get("container") != "web" {
			t.Errorf("it asked for %s", req.URL)
		}
		_, _ = rw.Write([]byte("hello from " + req.PathValue("pod"))) // without an end of line, as a last line may be
	})
	w.vela("", "logs", "canary-demo", "--tail", "1").expect(t, exit.OK, "a web hello from a\nb web hello from b\n")
	w.vela("", "logs", "canary-demo", "--tail", "1", "-p", "b", "-o", "raw").expect(t, exit.OK, "hello from b\n")
	w.vela("", "logs", "canary-demo", "-p", "c").expect(t, exit.Failed, "", "application default/canary-demo not found")
	w.vela("", "logs", "canary-demo", "-o", "xml").expect(t, exit.Usage, "", "-o xml")
}

func TestNoClusterIsOneSentence(t *testing.T) {
	said, err := text.Load(text.English)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.open = func(context.Context) (*cluster.Cluster, error) {
		return cluster.Open(cluster.Source{Kind: cluster.FromFlag, Paths: []string{kubeconfig(t)}}, "", rest.NoWarnings{}, said)
	}
	r := w.vela("", "status", "canary-demo")
	r.expect(t, exit.Failed, "", "Error: no cluster to talk to: https://127.0.0.1:1", "velad up", "--kubeconfig")
	if strings.Count(r.err, "\n") != 1 {
		t.Errorf("it is not one line: %s", r.err)
	}
	w.vela("", "version", "-o", "jsonpath={.version}").expect(t, exit.OK, "v0.0.0-test\n")
}

func TestHelpIsInThePersonsLanguage(t *testing.T) {
	w := newWorld(t)
	r := w.velaWith(map[string]string{"LANG": "zh_CN.UTF-8"}, "", "up", "--help")
	if r.code != exit.OK || !strings.Contains(r.out, "用法：") || !strings.Contains(r.out, "vela up -f app.yaml") {
		t.Errorf("got %+v", r)
	}
	if r := w.vela("", "--lang", "zh", "status"); r.code != exit.Usage || !strings.Contains(r.err, "请指定应用名称") {
		t.Errorf("got %+v", r)
	}
	for _, args := range [][]string{{}, {"help"}, {"help", "workflow", "resume"}, {"workflow"}, {"completion", "bash"}} {
		if r := w.vela("", args...); r.code != exit.OK || r.out == "" {
			t.Errorf("vela %v: %+v", args, r)
		}
	}
	for _, args := range [][]string{{"no-such"}, {"workflow", "no-such"}, {"help", "no-such"}, {"completion", "tcsh"}} {
		if r := w.vela("", args...); r.code != exit.Usage || r.err == "" {
			t.Errorf("vela %v: %+v", args, r)
		}
	}
}
