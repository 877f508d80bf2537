// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	velaadmission "github.com/vela-rollouts/vela/internal/admission"
	"github.com/vela-rollouts/vela/internal/application"
)

func request(t *testing.T, op admissionv1.Operation, object, old, options string) admission.Request {
	t.Helper()
	raw := func(text string) runtime.RawExtension {
		if text == "" {
			return runtime.RawExtension{}
		}
		j, err := yaml.YAMLToJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return runtime.RawExtension{Raw: j}
	}
	return admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		Operation: op, Namespace: "default", Name: "demo", Object: raw(object), OldObject: raw(old), Options: raw(options),
		UserInfo: authenticationv1.UserInfo{Username: "ann", UID: "7", Groups: []string{"dev"}},
	}}
}

// patched is the object after the response's patch.
func patched(t *testing.T, req admission.Request, resp admission.Response) map[string]any {
	t.Helper()
	ops, err := json.Marshal(resp.Patches)
	if err != nil {
		t.Fatal(err)
	}
	patch, err := jsonpatch.DecodePatch(ops)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := patch.Apply(req.Object.Raw)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// defaults of a cluster in which the controller is the user vela.
func defaults() velaadmission.ApplicationDefaults {
	return velaadmission.ApplicationDefaults{Controller: func(context.Context) (string, error) { return "vela", nil }}
}

func TestWhoPublishedAVersionIsWrittenDown(t *testing.T) {
	t.Parallel()
	app := func(version, by, image string) string {
		annotations := ""
		if version != "" {
			annotations += "app.oam.dev/publishVersion: " + version + ", "
		}
		if by != "" {
			annotations += "release.oam.dev/published-by: " + by
		}
		return "metadata: {name: demo, annotations: {" + annotations + "}}\nspec: {components: [{name: c, type: webservice, properties: {image: \"" + image + "\"}}]}\n"
	}
	cases := map[string]struct {
		op          admissionv1.Operation
		object, old string
		options     string
		user        string
		want        string
	}{
		"the first version":                      {admissionv1.Create, app("v1", "", "a"), "", "", "ann", "ann"},
		"another version, by another":            {admissionv1.Update, app("v2", "ann", "b"), app("v1", "ann", "a"), "", "bob", "bob"},
		"a client that says somebody else":       {admissionv1.Create, app("v1", "root", "a"), "", "", "ann", "ann"},
		"a client that changes only the name":    {admissionv1.Update, app("v1", "root", "a"), app("v1", "ann", "a"), "", "bob", "ann"},
		"a client that leaves the name out":      {admissionv1.Update, app("v1", "", "a"), app("v1", "ann", "a"), "", "bob", "ann"},
		"a change that is not published yet":     {admissionv1.Update, app("v1", "ann", "b"), app("v1", "ann", "a"), "", "bob", "ann"},
		"a change where versions are not used":   {admissionv1.Update, app("", "ann", "b"), app("", "ann", "a"), "", "bob", "bob"},
		"the controller puts a version back":     {admissionv1.Update, app("v1", "ann", "a"), app("v2", "bob", "b"), "{fieldManager: vela-application}", "vela", "ann"},
		"somebody in the name of the controller": {admissionv1.Update, app("v1", "ann", "a"), app("v2", "bob", "b"), "{fieldManager: vela-application}", "eve", "eve"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := request(t, tc.op, tc.object, tc.old, tc.options)
			req.UserInfo.Username = tc.user
			out := patched(t, req, defaults().Handle(t.Context(), req))
			got, _, err := unstructured.NestedString(out, "metadata", "annotations", v1beta1.AnnotationPublishedBy)
			if err != nil || got != tc.want {
				t.Errorf("published by %q (%v), want %q", got, err, tc.want)
			}
		})
	}
}

func TestANoteIsOfTheVersionItWasWrittenFor(t *testing.T) {
	t.Parallel()
	app := func(version, note string) string {
		return "metadata: {name: demo, annotations: {app.oam.dev/publishVersion: " + version + ", release.oam.dev/note: " + note + "}}\nspec: {components: []}\n"
	}
	cases := map[string]struct{ object, options, want string }{
		"another version by other means":    {app("v2", "faster"), "{fieldManager: vela-cli}", ""},
		"another version with its own note": {app("v2", "fix"), "{fieldManager: vela-cli}", "fix"},
		"the same note on purpose":          {app("v2", "faster"), "{fieldManager: velaux}", "faster"},
		"the same version":                  {app("v1", "faster"), "{fieldManager: vela-cli}", "faster"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := request(t, admissionv1.Update, tc.object, app("v1", "faster"), tc.options)
			out := patched(t, req, defaults().Handle(t.Context(), req))
			if got, _, err := unstructured.NestedString(out, "metadata", "annotations", v1beta1.AnnotationNote); err != nil || got != tc.want {
				t.Errorf("the note is %q (%v), want %q", got, err, tc.want)
			}
		})
	}
}

func TestStepsGetNames(t *testing.T) {
	t.Parallel()
	req := request(t, admissionv1.Create, `
metadata: {name: demo}
spec:
  components: []
  workflow:
    steps:
    - {type: suspend}
    - {name: given, type: step-group, subSteps: [{type: suspend}, {name: "", type: suspend}]}
`, "", "")
	out := patched(t, req, defaults().Handle(t.Context(), req))
	raw, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"name":"step-0"`, `"name":"given"`, `"name":"step-1-0"`, `"name":"step-1-1"`, v1beta1.FinalizerResources} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%s is missing in %s", want, raw)
		}
	}
}

func TestWhoAskedIsWrittenDown(t *testing.T) {
	t.Parallel()
	req := request(t, admissionv1.Create, `{metadata: {generateName: x-}, spec: {application: demo, action: resume, requestedBy: {username: root}}}`, "", "")
	raw, err := json.Marshal(patched(t, req, velaadmission.ActionDefaults{}.Handle(t.Context(), req)))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"username":"ann"`, `"groups":["dev"]`, `"release.oam.dev/application":"demo"`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%s is missing in %s", want, raw)
		}
	}
}

func TestApplicationRules(t *testing.T) {
	t.Parallel()
	const v1 = `{metadata: {name: demo, annotations: {app.oam.dev/publishVersion: "1"}}, spec: {components: [{name: a, type: webservice}]}}`
	status := `, status: {latestRevision: {name: demo-v2, revision: 2}}}`
	with := func(text string) string { return strings.TrimSuffix(text, "}") + status }
	v2 := strings.ReplaceAll(v1, `"1"`, `"2"`)
	v3 := strings.ReplaceAll(v1, `"1"`, `"3"`)
	elsewhere := strings.ReplaceAll(v3, "name: a", "name: b")
	edited := strings.ReplaceAll(v2, "name: a", "name: b")
	recorded := func(name, text string) v1beta1.ApplicationRevision {
		a := &v1beta1.Application{}
		if err := yaml.Unmarshal([]byte(text), a); err != nil {
			t.Fatal(err)
		}
		hash, err := application.SpecHash(a.Spec)
		if err != nil {
			t.Fatal(err)
		}
		r := v1beta1.ApplicationRevision{}
		r.Name, r.Annotations = name, a.Annotations
		r.Labels = map[string]string{v1beta1.LabelRevisionHash: hash}
		r.Spec.Application.Spec, r.Status.Succeeded = a.Spec, name == "demo-v2"
		return r
	}
	rules := velaadmission.ApplicationRules{
		Check: func(a *v1beta1.Application) []error {
			if len(a.Spec.Components) == 0 {
				return []error{errors.New("spec.components: add one"), errors.New("spec: and more")}
			}
			return nil
		},
		CheckRoutes: func(stable, a *v1beta1.Application) []error {
			if stable.Spec.Components[0].Name != a.Spec.Components[0].Name {
				return []error{errors.New("spec.components[0]: it was another")}
			}
			return nil
		},
		Doubts: func(_ context.Context, a *v1beta1.Application) ([]string, error) {
			return []string{"spec: " + a.Name + " is doubtful"}, nil
		},
		Revisions: func(context.Context, string, string) ([]v1beta1.ApplicationRevision, error) {
			return []v1beta1.ApplicationRevision{recorded("demo-v1", v1), recorded("demo-v2", v2)}, nil
		},
		Controller: func(context.Context) (string, error) { return "vela", nil },
	}
	cases := map[string]struct {
		object, old, options string
		allowed              bool
		say                  string
		user                 string
	}{
		"what is wrong with the spec, in one line":                      {`{metadata: {name: demo}, spec: {components: []}}`, "", "", false, "spec.components: add one; spec: and more", ""},
		"a version that was used before":                                {v1, with(v2), "", false, `"1" was already used by revision demo-v1`, ""},
		"the same version put back by a rollback":                       {v1, with(v2), `{fieldManager: vela-application}`, true, "", "vela"},
		"somebody else in the controller's name":                        {v1, with(v2), `{fieldManager: vela-application}`, false, "already used", "mallory"},
		"the controller's user in another name":                         {v1, with(v2), `{fieldManager: vela-cli}`, false, "already used", "vela"},
		"a new version":                                                 {v3, with(v2), "", true, "spec: demo is doubtful", ""},
		"a new version that the good one can't be released to in steps": {elsewhere, with(v2), "", false, "spec.components[0]: it was another", ""},
		"the same again":                                                {v2, with(v2), "", true, "", ""},
		"another spec under the same version, allowed":                  {edited, with(v2), "", true, "vela up demo -v NEW-VERSION", ""},
		"one that goes away is not checked": {
			`{metadata: {name: demo, deletionTimestamp: "2026-01-01T00:00:00Z"}, spec: {components: []}}`, with(v2), "", true, "", ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := request(t, admissionv1.Update, c.object, c.old, c.options)
			req.UserInfo.Username = c.user
			got := rules.Handle(t.Context(), req)
			said := strings.Join(got.Warnings, " ")
			if got.Result != nil {
				said += got.Result.Message
			}
			if got.Allowed != c.allowed || !strings.Contains(said, c.say) {
				t.Errorf("allowed %v saying %q; want %v, %q", got.Allowed, said, c.allowed, c.say)
			}
		})
	}
}

func TestActionRules(t *testing.T) {
	t.Parallel()
	rules := velaadmission.ActionRules{Exists: func(_ context.Context, _, app string) (bool, error) { return app == "demo", nil }}
	cases := map[string]struct{ object, say string }{
		"an application that does not exist": {`{spec: {application: nobody, action: resume}}`, `there is no Application "nobody" in namespace "default"`},
		"an action that does not exist":      {`{spec: {application: demo, action: dance}}`, `"dance" is not an action`},
		"a good one":                         {`{spec: {application: demo, action: rollback}}`, ""},
	}
	for name, c := range cases {
		got := rules.Handle(t.Context(), request(t, admissionv1.Create, c.object, "", ""))
		if got.Allowed != (c.say == "") || !strings.Contains(got.Result.Message, c.say) {
			t.Errorf("%s: allowed %v, %q", name, got.Allowed, got.Result.Message)
		}
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "certs")
	now := time.Unix(1800000000, 0)
	make1 := func(at time.Time, hosts ...string) ([]byte, bool) {
		authority, changed, err := velaadmission.Certificates(dir, hosts, at)
		if err != nil {
			t.Fatal(err)
		}
		return authority, changed
	}
	authority, changed := make1(now, "127.0.0.1", "vela.svc")
	if !changed {
		t.Error("an empty directory is filled")
	}
	if again, changed := make1(now.Add(24*time.Hour), "127.0.0.1"); changed || string(again) != string(authority) {
		t.Error("what is good is left as it is")
	}
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: "vela.svc", CurrentTime: now}); err != nil {
		t.Errorf("the authority stands for the serving certificate: %v", err)
	}
	if again, changed := make1(now.Add(61*24*time.Hour), "127.0.0.1"); !changed || string(again) != string(authority) {
		t.Error("with less than a third of its life left the serving certificate is renewed, by the same authority")
	}
	if _, changed := make1(now.Add(61*24*time.Hour), "other.svc"); !changed {
		t.Error("another host needs another certificate")
	}
	if err := os.WriteFile(filepath.Join(dir, "ca.key"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, changed := make1(now, "127.0.0.1"); !changed || string(again) == string(authority) {
		t.Error("an authority that can't sign any more is replaced")
	}
	info, err := os.Stat(filepath.Join(dir, "ca.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("keys are for their owner alone: %v, %v", info.Mode(), err)
	}
}
