// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package command_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// reach calls in every way there is.
func (w *world) reach(t *testing.T, pods []corev1.Pod) {
	t.Helper()
	service, err := w.client.CoreV1().Services("default").Get(t.Context(), "probe", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ip := "http://" + service.Spec.ClusterIP + "/"
	ask := func(p corev1.Pod, target string) string {
		return "http://" + p.Status.PodIP + ":8080/ask?url=" + url.QueryEscape(target)
	}
	calls := map[string]string{
		"host to Service":   ip,
		"pod to Service":    ask(pods[0], ip),
		"pod to short name": ask(pods[1], "http://probe/"),
		"pod to whole name": ask(pods[2], "http://probe.default.svc.cluster.local/"),
		"world to gateway":  fmt.Sprintf("http://127.0.0.1:%d/", httpPort),
		"pod to other pod":  ask(pods[0], "http://"+pods[1].Status.PodIP+":8080/"),
		"pod to its own IP": ask(pods[0], "http://"+pods[0].Status.PodIP+":8080/"),
		"pod to gateway":    ask(pods[0], fmt.Sprintf("http://10.244.0.1:%d/", httpPort)),
	}
	for what, target := range calls {
		heard := map[string]bool{}
		for range 12 { // often enough to hit each pod behind a Service, itself too
			body, err := get(target)
			if err != nil {
				t.Errorf("%s: %v", what, err)
				break
			}
			heard[strings.Fields(body)[0]] = true
		}
		t.Logf("%-18s %d pods answered", what, len(heard))
	}
	body, err := get(calls["pod to other pod"])
	if err != nil || !strings.Contains(body, "hears "+pods[0].Status.PodIP+":") {
		t.Errorf("a pod should see the address of the one that calls it, %s: %q %v", pods[0].Status.PodIP, body, err)
	}
	health, err := w.client.CoreV1().RESTClient().Get().AbsPath("/api/v1/namespaces/vela-system/services/vela-edge:admin/proxy/-/healthz").DoRaw(t.Context())
	if err != nil {
		t.Errorf("the edge should be reached through the API server: %v %s", err, health)
	}
	logs, err := w.client.CoreV1().Pods("default").GetLogs(pods[0].Name, &corev1.PodLogOptions{}).DoRaw(t.Context())
	if err != nil || !strings.Contains(string(logs), "probe serves") {
		t.Errorf("logs: %q %v", logs, err)
	}
	// What no Service has must end here, soon, and not at the default gateway.
	if _, err := get("http://10.96.200.200/"); err == nil {
		t.Error("an address without a Service should not answer")
	}
}

func get(url string) (string, error) {
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, body)
	}
	return string(body), err
}

func refuseStrangers(t *testing.T) {
	t.Helper()
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	for what, target := range map[string]string{
		"the API server":          fmt.Sprintf("https://127.0.0.1:%d/api", apiPort),
		"the API server's health": fmt.Sprintf("https://127.0.0.1:%d/readyz", apiPort),
		"the kubelet":             "https://10.244.0.1:10250/pods",
	} {
		resp, err := client.Get(target)
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s answers %s to a stranger, want 401", what, resp.Status)
		}
	}
	if _, err := get("http://10.244.0.1:10255/pods"); err == nil {
		t.Error("the kubelet's read-only port should be closed")
	}
}
