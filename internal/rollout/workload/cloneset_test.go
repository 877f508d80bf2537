// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workload_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"pgregory.net/rapid"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/internal/rollout"
	"github.com/vela-rollouts/vela/internal/rollout/workload"
)

// heldClones is a CloneSet of five pods that the Rollout demo holds; its template is v2, the stable version v1, one pod is to be new.
const heldClones = `
apiVersion: apps.kruise.io/v1alpha1
kind: CloneSet
metadata:
  name: web
  generation: 3
  labels: {rollouts.kruise.io/stable-revision: v1}
  annotations: {rollouts.kruise.io/in-progressing: '{"rolloutName":"demo","releaseID":"app-v2"}'}
spec:
  replicas: 5
  updateStrategy: {type: InPlaceIfPossible, partition: 80%, maxUnavailable: 1}
status: {observedGeneration: 3, currentRevision: web-v1, updateRevision: web-v2, replicas: 5, updatedReplicas: 1}
`

// clonesWith is heldClones, changed by a JSON merge patch in YAML.
func clonesWith(t *testing.T, change string) *unstructured.Unstructured {
	t.Helper()
	text, err := yaml.YAMLToJSON([]byte(heldClones))
	if err != nil {
		t.Fatal(err)
	}
	merge, err := yaml.YAMLToJSON([]byte("{" + change + "}"))
	if err != nil {
		t.Fatal(err)
	}
	if text, err = jsonpatch.MergePatch(text, merge); err != nil {
		t.Fatal(err)
	}
	out := &unstructured.Unstructured{}
	if err := out.UnmarshalJSON(text); err != nil {
		t.Fatal(err)
	}
	return out
}

// clones reads a CloneSet with pods as podsOf writes them; a pod with the mark ~ was asked to go.
func clones(t *testing.T, change, pods string) workload.CloneSet {
	t.Helper()
	s, err := workload.NewCloneSet(clonesWith(t, change))
	if err != nil {
		t.Fatal(err)
	}
	s.Pods = podsOf(strings.ReplaceAll(pods, "~", ""))
	for i, word := range strings.Fields(pods) {
		hash := s.Pods[i].Labels[appsv1.ControllerRevisionHashLabelKey]
		s.Pods[i].Labels = map[string]string{appsv1.DefaultDeploymentUniqueLabelKey: hash}
		if strings.HasSuffix(word, "~") {
			s.Pods[i].Labels["apps.kruise.io/specified-delete"] = "true"
		}
	}
	return s
}

func TestWhatIsSeenOfACloneSet(t *testing.T) {
	const back = "status: {updateRevision: web-v1}"
	for name, c := range map[string]struct{ change, pods, want string }{
		"a step that is reached":                                   {"", "v1 v1 v1 v1 v2", "v1 4/4/4 v2 1/1/1 open"},
		"a pod that was asked to go counts no more":                {"", "v1 v1 v1 v1 v1~", "v1 4/4/4 v2 1/0/0 open"},
		"a pod that does not serve is the next to go, wherever":    {"", "v1 v1! v1 v1 v2", "v1 4/4/3 idle 1 v2 1/1/1 open"},
		"a CloneSet with an order of its own may take another":     {"spec: {updateStrategy: {priorityStrategy: {orderPriority: [{orderedKey: a}]}}}", "v1 v1! v1 v1 v2", "v1 4/4/3 v2 1/1/1 open"},
		"held, all pods stable":                                    {"spec: {updateStrategy: {partition: 100%}}", "v1 v1 v1 v1 v1", "v1 5/5/5 v2 0/0/0"},
		"pods of the new version beyond a closed partition":        {"spec: {updateStrategy: {partition: 100%}}", "v1 v1 v1 v2 v2", "v1 3/3/3 v2 2/2/2"},
		"a partition below all leaves one of two to be updated":    {"spec: {replicas: 2, updateStrategy: {partition: 99%}}", "v1 v2", "v1 1/1/1 v2 1/1/1 open"},
		"grown by five, and the share is kept":                     {"spec: {replicas: 10}", "v1 v1 v1 v1 v2", "v1 8/4/4 idle 4 v2 2/1/1 open"},
		"pods beyond the replicas are leaving as the partition is": {"spec: {replicas: 2, updateStrategy: {partition: 50%}}", "v1 v1 v1 v2 v2", "v1 1/1/1 v2 1/1/1 open"},
		"a pod more is about to be replaced":                       {"", "v1 v1 v1 v1 v1", "v1 4/5/5 v2 1/0/0 open loose"},
		"rolled back where the partition keeps what is left":       {back, "v1 v1 v1 v1 v2", "v1 4/4/4 v2 1/1/1 open"},
		"rolled back where it does not":                            {back + ", spec: {updateStrategy: {partition: 20%}}", "v1 v1 v2 v2 v2", "v1 2/2/2 v2 3/3/3 open loose"},
		"what was completed can't go back":                         {"status: {currentRevision: web-v2}", "v2 v2 v2 v2 v2", "v1 0/0/0 v2 5/5/5 open up only"},
		"ready for less than minReadySeconds":                      {"spec: {minReadySeconds: 90}", "v1 v1 v1 v1 v2", "v1 4/4/0 idle 4 v2 1/1/0 open"},
		"somebody paused it, so that it is held no more":           {"spec: {updateStrategy: {paused: true}}", "v1 v1 v1 v1 v2", "v1 4/4/4 v2 1/1/1 lost"},
	} {
		t.Run(name, func(t *testing.T) {
			w, sets := clones(t, c.change, c.pods).Observe("demo", "", now)
			var got []string
			for _, s := range sets {
				text := fmt.Sprintf("%s %d/%d/%d", s.Hash, s.Replicas, s.Pods, s.Ready)
				if s.Idle > 0 {
					text += fmt.Sprintf(" idle %d", s.Idle)
				}
				got = append(got, text)
			}
			for _, flag := range []struct {
				is   bool
				text string
			}{{w.Open, "open"}, {w.Loose, "loose"}, {w.UpOnly, "up only"}, {!w.Held, "lost"}} {
				if flag.is {
					got = append(got, flag.text)
				}
			}
			if text := strings.Join(got, " "); text != c.want {
				t.Errorf("seen\n%s\nwant\n%s", text, c.want)
			}
			if w.HeldFor != "app-v2" || !w.InPlace || w.MaxUnavailable != 1 || w.Problem != "" {
				t.Errorf("held in place for app-v2, one pod at a time: %+v", w)
			}
		})
	}
}

func TestTheRevisionOfACloneSetIsTheEndOfItsName(t *testing.T) {
	template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "v3"}}}}
	data, err := json.Marshal(map[string]any{"spec": map[string]any{"template": template, "$patch": "replace"}})
	if err != nil {
		t.Fatal(err)
	}
	s := clones(t, "metadata: {generation: 4}, spec: {template: {spec: {containers: [{name: web, image: v3}]}}}", "")
	if w, _ := s.Observe("demo", "", now); w.Template != "" {
		t.Errorf("before there is a revision it is not known: %q", w.Template)
	}
	s.Revisions = []*appsv1.ControllerRevision{{ObjectMeta: metav1.ObjectMeta{Name: "web-6d9c7f"}, Data: runtime.RawExtension{Raw: data}}}
	if w, _ := s.Observe("demo", "", now); w.Template != "6d9c7f" {
		t.Errorf("before the status is written it is the revision with its template: %q", w.Template)
	}
}

func TestWhatIsWrittenForASizeOfACloneSet(t *testing.T) {
	const back = "status: {updateRevision: web-v1}"
	for name, c := range map[string]struct {
		change, pods string
		d            rollout.Decision
		partition    string
		doomed       string
	}{
		"one pod more of the new version, as a share": {"", "v1 v1 v1 v1 v2", scaled("v2", 1, 2), "60%", ""},
		"all of them":                           {"", "v1 v2 v2 v2 v2", scaled("v2", 4, 5), "0%", ""},
		"a number where no share says the same": {"spec: {replicas: 200}", "v1", scaled("v2", 40, 99), "101", ""},
		"one pod less":                          {"spec: {updateStrategy: {partition: 60%}}", "v1 v1 v1 v2 v2", scaled("v2", 2, 1), "80%", "db-3"},
		"none of them":                          {"", "v1 v1 v1 v1 v2", scaled("v2", 1, 0), "100%", "db-4"},
		"taken back, the one that serves nothing first":     {back, "v1 v1 v1 v2 v2!", scaled("v2", 2, 1), "100%", "db-4"},
		"taken back from what was completed":                {"status: {updateRevision: web-v1, currentRevision: web-v2}, spec: {updateStrategy: {partition: 100%}}", "v2 v2 v2 v2 v2", scaled("v2", 5, 4), "80%", ""},
		"one that was asked to go already is not asked":     {"spec: {updateStrategy: {partition: 100%}}", "v1 v1 v1 v2~ v2", scaled("v2", 1, 0), "", "db-4"},
		"closed, since the template changed":                {"", "v1 v1 v1 v1 v0", rollout.Decision{Close: true}, "100%", ""},
		"a version between goes away while it stays closed": {"spec: {updateStrategy: {partition: 100%}}", "v1 v1 v1 v0 v0", scaled("v0", 2, 1), "", "db-3"},
	} {
		t.Run(name, func(t *testing.T) {
			s := clones(t, c.change, c.pods)
			patch, doomed, err := s.Resize(c.d, "")
			if err != nil {
				t.Fatal(err)
			}
			partition := ""
			if patch != nil {
				partition = fmt.Sprint(strategyOf(t, patchedClones(t, s.Is, patch))["partition"])
			}
			var names []string
			for _, p := range doomed {
				names = append(names, p.Name)
			}
			if got := strings.Join(names, " "); partition != c.partition || got != c.doomed {
				t.Errorf("partition %q, asks for %q; want %q, %q", partition, got, c.partition, c.doomed)
			}
		})
	}
}

func scaled(hash string, from, to int32) rollout.Decision {
	return rollout.Decision{Scale: []rollout.Scale{{Hash: hash, From: from, To: to}}}
}

func TestAHeldCloneSetIsGivenBackAsItWas(t *testing.T) {
	for name, c := range map[string]struct{ own, held string }{
		"without a strategy":                    {"null", `{"partition":"100%"}`},
		"with what we know nothing of":          {"{type: InPlaceOnly, partition: 2, inPlaceUpdateStrategy: {gracePeriodSeconds: 5}, ofNextYear: [1]}", `{"inPlaceUpdateStrategy":{"gracePeriodSeconds":5},"ofNextYear":[1],"partition":"100%","type":"InPlaceOnly"}`},
		"paused":                                {"{paused: true, maxUnavailable: 2}", `{"maxUnavailable":2,"partition":"100%"}`},
		"with a surge in place of missing pods": {"{maxSurge: 1, maxUnavailable: 0}", `{"maxUnavailable":1,"partition":"100%"}`},
	} {
		t.Run(name, func(t *testing.T) {
			before := clonesWith(t, "metadata: {labels: {rollouts.kruise.io/stable-revision: null, team: blue}, annotations: null}, spec: {updateStrategy: null}")
			var own any
			if err := yaml.Unmarshal([]byte(c.own), &own); err != nil {
				t.Fatal(err)
			}
			if own != nil {
				before.Object["spec"].(map[string]any)["updateStrategy"] = own
			}
			held := patchedClones(t, before, holdPatch(t, before))
			if text, _ := json.Marshal(strategyOf(t, held)); string(text) != c.held {
				t.Errorf("held it has %s, want %s", text, c.held)
			}
			if again := patchedClones(t, held, holdPatch(t, held)); cmp.Diff(held, again) != "" {
				t.Errorf("holding it again changes it: %s", cmp.Diff(held, again))
			}
			s, err := workload.NewCloneSet(held)
			if err != nil {
				t.Fatal(err)
			}
			patch, err := s.ReleasePatch()
			if err != nil {
				t.Fatal(err)
			}
			after := patchedClones(t, held, patch)
			after.SetAnnotations(nil)
			if own == nil {
				delete(after.Object["spec"].(map[string]any), "updateStrategy")
			}
			want, _ := json.Marshal(before)
			if got, _ := json.Marshal(after); string(got) != string(want) {
				t.Errorf("it is\n%s\nand was\n%s", got, want)
			}
		})
	}
}

func holdPatch(t *testing.T, is *unstructured.Unstructured) []byte {
	t.Helper()
	s, err := workload.NewCloneSet(is)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := s.HoldPatch("demo", rollout.Hold{ReleaseID: "app-v2", Stable: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	return patch
}

func TestAPodOfACloneSetIsAskedToGo(t *testing.T) {
	patch, err := workload.CloneSet{}.Deletion(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "7", Labels: map[string]string{"app": "web"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"op":"test","path":"/metadata/uid","value":"7"},{"op":"add","path":"/metadata/labels/apps.kruise.io~1specified-delete","value":"true"}]`
	if string(patch) != want {
		t.Errorf("the patch is %s, want %s", patch, want)
	}
}

func strategyOf(t *testing.T, o *unstructured.Unstructured) map[string]any {
	t.Helper()
	m, _, err := unstructured.NestedMap(o.Object, "spec", "updateStrategy")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func patchedClones(t *testing.T, o *unstructured.Unstructured, patch []byte) *unstructured.Unstructured {
	t.Helper()
	before, err := json.Marshal(o.Object)
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
	out := &unstructured.Unstructured{}
	if err := out.UnmarshalJSON(after); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestWhatIsWrittenForASizeIsReadBack holds for whatever has a partition: the size of the new version that a decision asks for is the
// one that the next pass sees, and no pod of it is deleted while it grows.
func TestWhatIsWrittenForASizeIsReadBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.Int32Range(1, 300).Draw(r, "replicas")
		updated := rapid.Int32Range(0, n).Draw(r, "pods of the new version")
		to := rapid.Int32Range(0, n).Draw(r, "size asked for")
		pods := strings.Repeat("v1 ", int(n-updated)) + strings.Repeat("v2 ", int(updated))
		decision, size := scaled("v2", updated, to), map[string]int32{}

		web := clones(t, fmt.Sprintf("spec: {replicas: %d, updateStrategy: {partition: 100%%}}, status: {replicas: %d}", n, n), pods)
		patch, doomed, err := web.Resize(decision, "")
		if err != nil {
			r.Fatal(err)
		}
		after, err := workload.NewCloneSet(web.Is)
		if patch != nil {
			after, err = workload.NewCloneSet(patchedClones(t, web.Is, patch))
		}
		if err != nil {
			r.Fatal(err)
		}
		after.Pods = without(web.Pods, doomed)
		size["CloneSet"] = sizeOf("v2", after)

		set := db(func(s *appsv1.StatefulSet) {
			all := int32(32767)
			s.Spec.Replicas, s.Spec.UpdateStrategy.RollingUpdate.Partition = &n, &all
		})
		whole := workload.StatefulSet{Is: set, Pods: podsOf(pods)}
		patch, gone, err := whole.Resize(decision, "")
		if err != nil {
			r.Fatal(err)
		}
		if patch != nil {
			set = patchedSet(t, set, patch)
		}
		size["StatefulSet"] = sizeOf("v2", workload.StatefulSet{Is: set, Pods: without(whole.Pods, gone)})

		for kind, is := range size {
			if is != to {
				r.Errorf("the %s has a size of %d, want %d", kind, is, to)
			}
		}
		if to >= updated && len(doomed)+len(gone) > 0 {
			r.Errorf("pods go while it grows: %d, %d", len(doomed), len(gone))
		}
	})
}

func without(pods, doomed []*corev1.Pod) []*corev1.Pod {
	return slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool { return slices.Contains(doomed, p) })
}

func sizeOf(hash string, of workload.InPlace) int32 {
	_, sets := of.Observe("demo", "", now)
	for _, s := range sets {
		if s.Hash == hash {
			return s.Replicas
		}
	}
	return 0
}
