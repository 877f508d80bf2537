// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/exit"
)

// twoVersions is the tutorial's application between its versions, with the specification as somebody changed it after that.
func twoVersions(t *testing.T) *world {
	t.Helper()
	app := demo(t)
	first := corev1beta1.ApplicationRevision{}
	first.APIVersion, first.Kind = corev1beta1.GroupVersion().String(), "ApplicationRevision"
	first.Name, first.Namespace = "canary-demo-v1", "default"
	first.Labels = map[string]string{corev1beta1.LabelAppName: "canary-demo"}
	app.Spec.DeepCopyInto(&first.Spec.Application.Spec)
	second := *first.DeepCopy()
	second.Name = "canary-demo-v2"
	published := &corev1beta1.Application{}
	if err := yaml.Unmarshal([]byte(page(t, "v2.yaml")), published); err != nil {
		t.Fatal(err)
	}
	second.Spec.Application.Spec = published.Spec
	app.Spec = *published.Spec.DeepCopy()
	app.Spec.Components[0].Properties.Raw = []byte(strings.ReplaceAll(string(app.Spec.Components[0].Properties.Raw), ":v2", ":v3"))
	app.Status.LatestRevision = &corev1beta1.RevisionName{Name: "canary-demo-v2", Revision: 2}
	return newWorld(t, app, first, second)
}

func TestWhatIsDifferentIsToldAsThePageTellsIt(t *testing.T) {
	w := twoVersions(t)
	w.vela("", "revision", "diff", "canary-demo").expect(t, exit.OK, `CHANGE   COMPONENT    WHAT   FROM                       TO
changed  canary-demo  image  wangyikewyk/canarydemo:v2  wangyikewyk/canarydemo:v3
`)
	w.vela("", "revision", "diff", "canary-demo", "canary-demo-v1", "deployed", "-o", "jsonpath={.changes[*].to}").
		expect(t, exit.OK, "wangyikewyk/canarydemo:v2\n")
	w.vela("", "revision", "diff", "canary-demo", "stored", "stored").expect(t, exit.OK, "", "stored and stored are the same")
	w.vela("", "revision", "diff", "canary-demo", "canary-demo-v9").
		expect(t, exit.Failed, "", "application canary-demo has no revision canary-demo-v9: write deployed, stored, or one that vela revision list canary-demo shows")
	w.vela("", "revision", "diff", "canary-demo", "a", "b", "c").expect(t, exit.Usage, "", "c is one too many")
	w.vela("", "revision", "diff").expect(t, exit.Usage, "", "please specify an application")
}
