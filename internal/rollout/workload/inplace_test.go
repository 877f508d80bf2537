// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workload_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// db is a StatefulSet of five pods that the Rollout demo holds; its template is v2, the stable version v1.
func db(change func(*appsv1.StatefulSet)) *appsv1.StatefulSet {
	five, partition := int32(5), int32(4)
	s := &appsv1.StatefulSet{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "db", Generation: 3,
			Labels:      map[string]string{rollouts.LabelStableRevision: "v1"},
			Annotations: map[string]string{rollouts.AnnotationInProgress: `{"rolloutName":"demo","releaseID":"app-v2"}`}},
		Spec: appsv1.StatefulSetSpec{Replicas: &five, UpdateStrategy: appsv1.StatefulSetUpdateStrategy{
			Type: appsv1.RollingUpdateStatefulSetStrategyType, RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: &partition}}},
		Status: appsv1.StatefulSetStatus{ObservedGeneration: 3, CurrentRevision: "v1", UpdateRevision: "v2", Replicas: 5, UpdatedReplicas: 1},
	}
	if change != nil {
		change(s)
	}
	return s
}

// podsOf writes pods from the lowest ordinal up: a version each, with a mark where one is not ready (!) or terminates (-).
func podsOf(text string) []*corev1.Pod {
	var out []*corev1.Pod
	for i, word := range strings.Fields(text) {
		version := strings.TrimRight(word, "!-")
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("db-%d", i), Labels: map[string]string{appsv1.ControllerRevisionHashLabelKey: version}}}
		status := corev1.ConditionTrue
		if strings.HasSuffix(word, "!") {
			status = corev1.ConditionFalse
		}
		if strings.HasSuffix(word, "-") {
			p.DeletionTimestamp = &metav1.Time{Time: now}
		}
		p.Spec.NodeName = "node"
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: status, LastTransitionTime: metav1.Time{Time: now.Add(-time.Minute)}}}
		out = append(out, p)
	}
	return out
}

func TestWhatIsSeenOfAStatefulSet(t *testing.T) {
	atPartition := func(n int32) func(*appsv1.StatefulSet) {
		return func(s *appsv1.StatefulSet) { s.Spec.UpdateStrategy.RollingUpdate.Partition = &n }
	}
	for name, c := range map[string]struct {
		change func(*appsv1.StatefulSet)
		pods   string
		want   string // sets, then what else is seen
	}{
		"a step that is reached":                            {nil, "v1 v1 v1 v1 v2", "v1 4/4/4 v2 1/1/1 open"},
		"a pod on its way counts for what it becomes":       {nil, "v1 v1 v1 v1 v1-", "v1 4/4/4 v2 1/0/0 open"},
		"the next pod to go is not ready":                   {nil, "v1 v1 v1 v1! v2", "v1 4/4/3 idle 1 v2 1/1/1 open"},
		"a lower pod that is not ready is none of the next": {nil, "v1 v1! v1 v1 v2", "v1 4/4/3 v2 1/1/1 open"},
		"a broken pod that a third template left":           {nil, "v1 v1 v1 v1 v0!", "v0 1/1/0 v1 3/4/4 v2 1/0/0 open stuck 1"},
		"all pods are still stable":                         {atPartition(32767), "v1 v1 v1 v1 v1", "v1 5/5/5 v2 0/0/0"},
		"pods of the new version above a raised partition":  {atPartition(32767), "v1 v1 v1 v2 v2", "v1 3/3/3 v2 2/2/2"},
		"grown by five that are not there yet": {func(s *appsv1.StatefulSet) { ten := int32(10); s.Spec.Replicas = &ten },
			"v1 v1 v1 v1 v2", "v1 4/4/4 v2 6/1/1 open"},
		"pods beyond the replicas are leaving":                                     {func(s *appsv1.StatefulSet) { two := int32(2); s.Spec.Replicas = &two }, "v1 v1 v1 v2 v2", "v1 2/2/2 v2 0/0/0"},
		"what the native controller completed can't go back":                       {func(s *appsv1.StatefulSet) { s.Status.CurrentRevision = "v2" }, "v2 v2 v2 v2 v2", "v1 0/0/0 v2 5/5/5 open up only forgot"},
		"what it completed for want of pods is to come back as the partition says": {func(s *appsv1.StatefulSet) { s.Status.CurrentRevision = "v2" }, "v2!", "v1 0/0/0 v2 5/1/0 open up only forgot"},
		"rolled back":                         {func(s *appsv1.StatefulSet) { s.Status.UpdateRevision = "v1" }, "v1 v1 v1 v1 v2", "v1 4/4/4 v2 1/1/1 open"},
		"ready for less than minReadySeconds": {func(s *appsv1.StatefulSet) { s.Spec.MinReadySeconds = 90 }, "v1 v1 v1 v1 v2", "v1 4/4/0 idle 4 v2 1/1/0 open"},
	} {
		t.Run(name, func(t *testing.T) {
			w, sets := workload.StatefulSet{Is: db(c.change), Pods: podsOf(c.pods)}.Observe("demo", "", now)
			var got []string
			for _, s := range sets {
				text := fmt.Sprintf("%s %d/%d/%d", s.Hash, s.Replicas, s.Pods, s.Ready)
				if s.Idle > 0 {
					text += fmt.Sprintf(" idle %d", s.Idle)
				}
				got = append(got, text)
			}
			if w.Open {
				got = append(got, "open")
			}
			if w.UpOnly {
				got = append(got, "up only")
			}
			if w.Forgot {
				got = append(got, "forgot")
			}
			if w.Stuck > 0 {
				got = append(got, fmt.Sprintf("stuck %d", w.Stuck))
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("seen\n%s\nwant\n%s", text, c.want)
			}
			if !w.Held || w.HeldFor != "app-v2" || !w.InPlace || w.MaxUnavailable != 1 {
				t.Errorf("held in place for app-v2, one pod at a time: %+v", w)
			}
		})
	}
}

func TestTheRevisionOfATemplateIsTheOneWithItsData(t *testing.T) {
	template := func(image string) corev1.PodTemplateSpec {
		return corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "db", Image: image}}}}
	}
	revision := func(name, image string, n int64) *appsv1.ControllerRevision {
		data, err := json.Marshal(map[string]any{"spec": map[string]any{"template": template(image), "$patch": "replace"}})
		if err != nil {
			t.Fatal(err)
		}
		return &appsv1.ControllerRevision{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{appsv1.DefaultDaemonSetUniqueLabelKey: name}},
			Data: runtime.RawExtension{Raw: data}, Revision: n}
	}
	all := []*appsv1.ControllerRevision{revision("db-1", "v1", 1), revision("db-2", "v2", 2), revision("db-3", "v1", 3)}
	unseen := func(image string) *appsv1.StatefulSet {
		return db(func(s *appsv1.StatefulSet) { s.Generation, s.Spec.Template = 4, template(image) })
	}
	for image, want := range map[string]string{"v1": "db-3", "v2": "db-2", "v3": ""} {
		if w, _ := (workload.StatefulSet{Is: unseen(image), Revisions: all}).Observe("demo", "", now); w.Template != want {
			t.Errorf("before its status is written the StatefulSet with %s is revision %q, want %q", image, w.Template, want)
		}
		d := &appsv1.DaemonSet{Spec: appsv1.DaemonSetSpec{Template: template(image)}}
		if w, _ := (workload.DaemonSet{Is: d, Revisions: all}).Observe("demo", "", now); w.Template != want {
			t.Errorf("the DaemonSet with %s is revision %q, want %q", image, w.Template, want)
		}
	}
	if w, _ := (workload.StatefulSet{Is: db(nil), Revisions: all}).Observe("demo", "", now); w.Template != "v2" {
		t.Errorf("a status about the newest generation says it: %q", w.Template)
	}
}

func TestWhatIsWrittenForASize(t *testing.T) {
	for name, c := range map[string]struct {
		change    func(*appsv1.StatefulSet)
		pods      string
		scale     []rollout.Scale
		unstick   bool
		partition string
		doomed    string
	}{
		"one pod more of the new version":    {nil, "v1 v1 v1 v1 v2", []rollout.Scale{{Hash: "v2", From: 1, To: 2}}, false, "3", ""},
		"all of them":                        {nil, "v1 v2 v2 v2 v2", []rollout.Scale{{Hash: "v2", From: 4, To: 5}}, false, "0", ""},
		"one pod less: the lowest goes back": {nil, "v1 v1 v1 v2 v2", []rollout.Scale{{Hash: "v2", From: 2, To: 1}}, false, "", "db-3"},
		"none of them":                       {nil, "v1 v1 v1 v1 v2", []rollout.Scale{{Hash: "v2", From: 1, To: 0}}, false, "32767", "db-4"},
		"sizes that pods never came to": {func(s *appsv1.StatefulSet) { ten := int32(10); s.Spec.Replicas = &ten },
			"v1 v1 v1 v1 v2", []rollout.Scale{{Hash: "v2", From: 6, To: 2}}, false, "8", ""},
		"taken back, the lowest first":                  {func(s *appsv1.StatefulSet) { s.Status.UpdateRevision = "v1" }, "v1 v1 v1 v2 v2", []rollout.Scale{{Hash: "v2", From: 2, To: 1}}, false, "32767", "db-3"},
		"taken back, the one that serves nothing first": {func(s *appsv1.StatefulSet) { s.Status.UpdateRevision = "v1" }, "v1 v1 v1 v2! v2", []rollout.Scale{{Hash: "v2", From: 2, To: 1}}, false, "32767", "db-3"},
		"taken back after the native controller completed it": {func(s *appsv1.StatefulSet) { s.Status.UpdateRevision, s.Status.CurrentRevision = "v1", "v2" },
			"v2 v2 v2 v2 v2", []rollout.Scale{{Hash: "v2", From: 5, To: 4}}, false, "0", "db-4"},
		"broken pods that the native controller leaves": {nil, "v1 v1 v1 v1 v0!", nil, true, "", "db-4"},
		"a stable pod that is not ready has its place":  {nil, "v1 v1! v1 v1 v2", nil, true, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			patch, doomed, err := workload.StatefulSet{Is: db(c.change), Pods: podsOf(c.pods)}.Resize(rollout.Decision{Scale: c.scale, Unstick: c.unstick}, "")
			if err != nil {
				t.Fatal(err)
			}
			partition := ""
			if patch != nil {
				after := patchedSet(t, db(c.change), patch)
				partition = fmt.Sprint(*after.Spec.UpdateStrategy.RollingUpdate.Partition)
			}
			var names []string
			for _, p := range doomed {
				names = append(names, p.Name)
			}
			if got := strings.Join(names, " "); partition != c.partition || got != c.doomed {
				t.Errorf("partition %q, deletes %q; want %q, %q", partition, got, c.partition, c.doomed)
			}
		})
	}
}

func TestAStatefulSetThatForgotItsStableVersionIsToldAgain(t *testing.T) {
	for pods, want := range map[string]string{"v2 v2! v2 v2": "", "v2 v2 v2 v2 v2!": "", "v2 v2 v2 v2 v2": "db-0"} {
		s := workload.StatefulSet{Is: db(func(s *appsv1.StatefulSet) { s.Status.CurrentRevision = "v2" }), Pods: podsOf(pods)}
		patch, doomed, err := s.Resize(rollout.Decision{Remind: true}, "")
		if err != nil || patch != nil {
			t.Fatalf("%s: the partition stays: %s, %v", pods, patch, err)
		}
		var names []string
		for _, p := range doomed {
			names = append(names, p.Name)
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: deletes %q, want %q, so that the update is not complete", pods, got, want)
		}
		if patch, err = s.Reminder(""); err != nil || string(patch) != `[{"op":"test","path":"/status/currentRevision","value":"v2"},{"op":"replace","path":"/status/currentRevision","value":"v1"}]` {
			t.Errorf("its status is patched by %s, %v", patch, err)
		}
	}
}

func patchedSet(t *testing.T, s *appsv1.StatefulSet, patch []byte) *appsv1.StatefulSet {
	t.Helper()
	before, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	ops, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		t.Fatal(err)
	}
	after, err := ops.Apply(before)
	if err != nil {
		t.Fatal(err)
	}
	out := &appsv1.StatefulSet{}
	if err := json.Unmarshal(after, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAHeldStatefulSetIsGivenBackAsItWas(t *testing.T) {
	two, seven := intstr.FromInt32(2), int32(7)
	for name, own := range map[string]appsv1.StatefulSetUpdateStrategy{
		"a rolling update": {Type: appsv1.RollingUpdateStatefulSetStrategyType},
		"with its own partition and two at a time": {Type: appsv1.RollingUpdateStatefulSetStrategyType,
			RollingUpdate: &appsv1.RollingUpdateStatefulSetStrategy{Partition: &seven, MaxUnavailable: &two}},
		"OnDelete": {Type: appsv1.OnDeleteStatefulSetStrategyType},
	} {
		t.Run(name, func(t *testing.T) {
			before := db(func(s *appsv1.StatefulSet) {
				s.Labels, s.Annotations, s.Spec.UpdateStrategy, s.Status.UpdateRevision = map[string]string{"team": "blue"}, nil, own, "v1"
			})
			patch, err := workload.StatefulSet{Is: before}.HoldPatch("demo", rollout.Hold{ReleaseID: "app-v2", Stable: "v1"})
			if err != nil {
				t.Fatal(err)
			}
			held := patchedSet(t, before, patch)
			u := held.Spec.UpdateStrategy
			if u.Type != appsv1.RollingUpdateStatefulSetStrategyType || *u.RollingUpdate.Partition != 32767 {
				t.Errorf("while it is held nothing is updated: %+v", u)
			}
			if own.RollingUpdate != nil && u.RollingUpdate.MaxUnavailable.IntValue() != 2 {
				t.Errorf("it keeps its maxUnavailable: %+v", u.RollingUpdate)
			}
			patch, err = workload.StatefulSet{Is: held}.ReleasePatch()
			if err != nil {
				t.Fatal(err)
			}
			after := patchedSet(t, held, patch)
			after.Annotations = nil
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("it is not as it was (-want +got):\n%s", diff)
			}
			if patch, err := (workload.StatefulSet{Is: before}).ReleasePatch(); patch != nil || err != nil {
				t.Errorf("what is not held needs no patch: %s, %v", patch, err)
			}
		})
	}
}

func TestAnOnDeleteStatefulSetIsBroughtUpToDateBeforeItIsHeld(t *testing.T) {
	own := appsv1.StatefulSetUpdateStrategy{Type: appsv1.OnDeleteStatefulSetStrategyType}
	s := db(func(s *appsv1.StatefulSet) {
		s.Labels, s.Annotations, s.Spec.UpdateStrategy = nil, nil, own
		s.Status.CurrentRevision, s.Status.UpdateRevision, s.Status.UpdatedReplicas = "v0", "v1", 5
	})
	hold := rollout.Hold{ReleaseID: "app-v2", Stable: "v1"}
	patch, err := workload.StatefulSet{Is: s}.HoldPatch("demo", hold)
	if err != nil {
		t.Fatal(err)
	}
	s = patchedSet(t, s, patch)
	w, _ := workload.StatefulSet{Is: s, Pods: podsOf("v1 v1 v1 v1 v1")}.Observe("demo", "", now)
	if *s.Spec.UpdateStrategy.RollingUpdate.Partition != 0 || w.HeldFor != "" {
		t.Errorf("first nothing is left to update, for no release yet: %+v, held for %q", s.Spec.UpdateStrategy, w.HeldFor)
	}
	if patch, err = (workload.StatefulSet{Is: s}).HoldPatch("demo", hold); patch != nil || err != nil {
		t.Errorf("it waits until the native controller has completed that: %s, %v", patch, err)
	}
	s.Status.CurrentRevision = "v1"
	if patch, err = (workload.StatefulSet{Is: s}).HoldPatch("demo", hold); err != nil {
		t.Fatal(err)
	}
	s = patchedSet(t, s, patch)
	if *s.Spec.UpdateStrategy.RollingUpdate.Partition != 32767 {
		t.Errorf("then it is held: %+v", s.Spec.UpdateStrategy)
	}
	if patch, err = (workload.StatefulSet{Is: s}).ReleasePatch(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(own, patchedSet(t, s, patch).Spec.UpdateStrategy); diff != "" {
		t.Errorf("it is not given back as it was:\n%s", diff)
	}
}

func TestWhichPodsOfADaemonSetAreDeleted(t *testing.T) {
	template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "db", Image: "v2"}}}}
	data, err := json.Marshal(map[string]any{"spec": map[string]any{"template": template}})
	if err != nil {
		t.Fatal(err)
	}
	d := &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "db", Labels: map[string]string{rollouts.LabelStableRevision: "v1"},
			Annotations: map[string]string{rollouts.AnnotationInProgress: `{"rolloutName":"demo","releaseID":"app-v2"}`}},
		Spec:   appsv1.DaemonSetSpec{Template: template, UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}},
		Status: appsv1.DaemonSetStatus{DesiredNumberScheduled: 4},
	}
	revisions := []*appsv1.ControllerRevision{{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{appsv1.DefaultDaemonSetUniqueLabelKey: "v2"}}, Data: runtime.RawExtension{Raw: data}}}
	for name, c := range map[string]struct {
		pods   string
		change func([]*corev1.Pod)
		scale  rollout.Scale
		want   string
	}{
		"one that is not ready first":     {"v1 v1 v1! v1", nil, rollout.Scale{Hash: "v2", From: 0, To: 1}, "db-2"},
		"one that waits for a node first": {"v1 v1! v1! v1", func(p []*corev1.Pod) { p[2].Spec.NodeName = "" }, rollout.Scale{Hash: "v2", From: 0, To: 1}, "db-2"},
		"the cheapest of those that serve": {"v1 v1 v1 v1", func(p []*corev1.Pod) {
			p[3].Annotations = map[string]string{"controller.kubernetes.io/pod-deletion-cost": "-5"}
		}, rollout.Scale{Hash: "v2", From: 0, To: 1}, "db-3"},
		"the newest of those that cost the same": {"v1 v1 v1 v1", func(p []*corev1.Pod) { p[1].CreationTimestamp.Time = now }, rollout.Scale{Hash: "v2", From: 0, To: 1}, "db-1"},
		"pods of the version that goes away":     {"v1 v0 v0 v2", nil, rollout.Scale{Hash: "v0", From: 2, To: 0}, "db-1 db-2"},
	} {
		t.Run(name, func(t *testing.T) {
			pods := podsOf(c.pods)
			if c.change != nil {
				c.change(pods)
			}
			_, doomed, err := workload.DaemonSet{Is: d, Pods: pods, Revisions: revisions}.Resize(rollout.Decision{Scale: []rollout.Scale{c.scale}}, "")
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, p := range doomed {
				names = append(names, p.Name)
			}
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("deletes %q, want %q", got, c.want)
			}
		})
	}
}
