// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
)

// withSettings is a version whose image never changes: only its ConfigMap and its Secret do.
func withSettings(version, text string) string {
	text = strings.ReplaceAll(text, "demo:"+version, "demo:v1")
	return strings.Replace(text, "    - {type: scaler", `    - type: storage
      properties:
        configMap: [{name: settings, mountPath: /etc/demo, data: {colour: colour-of-`+version+`}}]
        secret: [{name: login, mountToEnv: {envName: PASSWORD, secretKey: password}, stringData: {password: secret-of-`+version+`}}]
    - {type: scaler`, 1)
}

// reads is what pods of the Deployment's template would read: the ConfigMap and the Secret.
func (s *stage) reads() (colour, password string) {
	s.t.Helper()
	pod := s.deployment().Spec.Template.Spec
	settings, login := &corev1.ConfigMap{}, &corev1.Secret{}
	s.must(s.client.Get(s.t.Context(), s.named(pod.Volumes[0].ConfigMap.Name), settings))
	s.must(s.client.Get(s.t.Context(), s.named(pod.Containers[0].Env[0].ValueFrom.SecretKeyRef.Name), login))
	return settings.Data["colour"], string(login.Data["password"])
}

func (s *stage) named(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: s.key.Namespace, Name: name}
}

// settings lists the ConfigMaps and Secrets that there are.
func (s *stage) settings() []string {
	s.t.Helper()
	var names []string
	for _, l := range []client.ObjectList{&corev1.ConfigMapList{}, &corev1.SecretList{}} {
		s.must(s.client.List(s.t.Context(), l))
		for _, o := range items(s.t, l) {
			if named, ok := o.(client.Object); ok {
				names = append(names, named.GetName())
			}
		}
	}
	return names
}

func TestAChangeOfSettingsAloneIsAReleaseInSteps(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.release(withSettings("v1", v1))
	before := s.settings()
	oldSettings := s.deployment().Spec.Template.Spec.Volumes[0].ConfigMap.Name
	s.release(withSettings("v2", canary("v2")))
	s.running(t, v1beta1.PhaseWorkflowSuspending)
	if colour, password := s.reads(); colour != "colour-of-v2" || password != "secret-of-v2" {
		t.Errorf("the new version's pods read %s and %s", colour, password)
	}
	if len(before) != 4 || len(s.settings()) != 6 {
		t.Errorf("there were %v and are %v: both versions' pods need what they read", before, s.settings())
	}
	old := &corev1.ConfigMap{}
	s.must(s.client.Get(t.Context(), s.named(oldSettings), old))
	if old.Data["colour"] != "colour-of-v1" || old.Immutable == nil || !*old.Immutable {
		t.Errorf("what the old version's pods read has become %v", old)
	}
	for range 2 {
		s.carryOut(v1alpha1.ActionResume)
	}
	s.running(t, v1beta1.PhaseRunning)
	if colour, _ := s.reads(); colour != "colour-of-v2" || len(s.settings()) != 4 {
		t.Errorf("after the release pods read %s, and there are %v: what only the old version read is to be gone", colour, s.settings())
	}
}

func TestARollbackBringsTheSettingsBack(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.release(withSettings("v1", v1))
	before := s.settings()
	s.release(withSettings("v2", canary("v2")))
	action := s.carryOut(v1alpha1.ActionRollback)
	rolledBack(t, s, action, "a release of settings alone")
	if colour, password := s.reads(); colour != "colour-of-v1" || password != "secret-of-v1" {
		t.Errorf("after the rollback pods read %s and %s", colour, password)
	}
	if diff := cmp.Diff(before, s.settings()); diff != "" {
		t.Errorf("the rollback leaves something else behind: %s", diff)
	}
	own := &corev1.ConfigMap{}
	s.must(s.client.Get(t.Context(), s.named("settings"), own))
	if own.Data["colour"] != "colour-of-v1" {
		t.Errorf("the ConfigMap under its own name says %v", own.Data)
	}
}

func TestSettingsThatSomebodyDeletesInAReleaseComeBackForBothVersions(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.release(withSettings("v1", v1))
	s.release(withSettings("v2", canary("v2")))
	all := s.settings()
	s.playing = true
	s.must(s.client.DeleteAllOf(t.Context(), &corev1.ConfigMap{}, client.InNamespace(s.key.Namespace)))
	s.must(s.client.DeleteAllOf(t.Context(), &corev1.Secret{}, client.InNamespace(s.key.Namespace)))
	s.playing = false
	s.settle()
	if diff := cmp.Diff(all, s.settings()); diff != "" {
		t.Errorf("not all of it came back: %s", diff)
	}
	if colour, password := s.reads(); colour != "colour-of-v2" || password != "secret-of-v2" {
		t.Errorf("the new version's pods read %s and %s", colour, password)
	}
	action := s.carryOut(v1alpha1.ActionRollback)
	rolledBack(t, s, action, "after its settings were deleted")
	if _, password := s.reads(); password != "secret-of-v1" {
		t.Errorf("after the rollback pods read %s", password)
	}
}

func TestNoInventoryHasTheContentOfASecret(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.release(withSettings("v1", v1))
	trackers := &v1beta1.ResourceTrackerList{}
	s.must(s.client.List(t.Context(), trackers))
	found := 0
	for _, r := range trackers.Items[0].Spec.ManagedResources {
		if r.Kind == "Secret" {
			found++
			if r.Raw != nil {
				t.Errorf("the inventory says of Secret %s: %s", r.Name, r.Raw.Raw)
			}
		}
	}
	if found != 2 {
		t.Errorf("the inventory names %d Secrets, want the author's and the copy", found)
	}
}

func TestAConfigMapOfSomebodyElseIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.playing = true
	theirs := &corev1.ConfigMap{Data: map[string]string{"colour": "theirs"}}
	theirs.Namespace, theirs.Name = s.key.Namespace, "settings"
	s.must(s.client.Create(t.Context(), theirs))
	s.playing = false
	s.release(withSettings("v1", v1))
	s.must(s.client.Get(t.Context(), s.named("settings"), theirs))
	if theirs.Data["colour"] != "theirs" {
		t.Errorf("it says %v", theirs.Data)
	}
	if got := s.app().Status.Workflow.Message + s.step("canary-demo").Message; !strings.Contains(got, "ConfigMap default/settings exists but not managed by any application now") {
		t.Errorf("the status says %q", got)
	}
}

// TestAReleaseOfSettingsKilledAtEachWrite kills the controller at every write: the pods of the Deployment always find what they
// read.
func TestAReleaseOfSettingsKilledAtEachWrite(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		s := newStage(t)
		s.release(withSettings("v1", v1))
		s.killAt = s.writes + n
		s.up(withSettings("v2", canary("v2")))
		killed := s.settle()
		s.reads()
		if killed {
			s.killAt = 0
			s.restart()
			s.settle()
		}
		s.running(t, v1beta1.PhaseWorkflowSuspending)
		if colour, password := s.reads(); colour != "colour-of-v2" || password != "secret-of-v2" {
			t.Errorf("killed at write %d: pods read %s and %s", n, colour, password)
		}
		if !killed {
			return
		}
	}
}
