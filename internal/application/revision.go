// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package application

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// annotationLastApplied is kubectl's; it is a copy of the whole object, and not worth keeping in each revision.
const annotationLastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// SpecHash is a hash of what a spec says, whatever the order of keys and the blanks in its free-form properties:
// 16 characters of [0-9a-f].
func SpecHash(spec v1beta1.ApplicationSpec) (string, error) {
	canonical, err := canonicalJSON(spec)
	if err != nil {
		return "", fmt.Errorf("hashing the spec: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:8]), nil
}

// canonicalJSON is v as JSON with sorted keys everywhere and without fields that are empty lists.
func canonicalJSON(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return nil, err
	}
	return json.Marshal(tree)
}

// RevisionNumber is N in <app>-vN; 0 when name is not of that form.
func RevisionNumber(app, name string) int64 {
	digits, ok := strings.CutPrefix(name, app+"-v")
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 {
		return 0
	}
	return n
}

// RevisionName is <app>-vN.
func RevisionName(app string, number int64) string { return fmt.Sprintf("%s-v%d", app, number) }

// PublishVersion is the version an object was published as; empty when its author uses none.
func PublishVersion(o metav1.Object) string {
	return o.GetAnnotations()[v1beta1.AnnotationPublishVersion]
}

// RunName is what status.workflow.appRevision says for a run of rev: its publishVersion, else its name.
func RunName(rev *v1beta1.ApplicationRevision) string {
	if v := PublishVersion(rev); v != "" {
		return v
	}
	return rev.Name
}

// RevisionHash is the hash of a revision's spec as it was recorded.
func RevisionHash(rev *v1beta1.ApplicationRevision) string {
	return rev.Labels[v1beta1.LabelRevisionHash]
}

// byNumber sorts revisions of app, oldest first, without touching its argument.
func byNumber(app string, revisions []v1beta1.ApplicationRevision) []v1beta1.ApplicationRevision {
	sorted := slices.Clone(revisions)
	slices.SortFunc(sorted, func(a, b v1beta1.ApplicationRevision) int {
		return cmp.Compare(RevisionNumber(app, a.Name), RevisionNumber(app, b.Name))
	})
	return sorted
}

// find returns the revision with that name, or nil.
func find(revisions []v1beta1.ApplicationRevision, name string) *v1beta1.ApplicationRevision {
	i := slices.IndexFunc(revisions, func(r v1beta1.ApplicationRevision) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return &revisions[i]
}

// newRevision is the snapshot of app as its revision of that number. It is owned by the Application.
func newRevision(app *v1beta1.Application, number int64, hash string) *v1beta1.ApplicationRevision {
	annotations := maps.Clone(app.Annotations)
	delete(annotations, annotationLastApplied)
	yes := true
	return &v1beta1.ApplicationRevision{
		ObjectMeta: metav1.ObjectMeta{
			Name:      RevisionName(app.Name, number),
			Namespace: app.Namespace,
			Labels: map[string]string{
				v1beta1.LabelAppName:      app.Name,
				v1beta1.LabelRevisionHash: hash,
			},
			Annotations: annotations,
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: v1beta1.GroupVersion().String(), Kind: "Application",
				Name: app.Name, UID: app.UID, Controller: &yes, BlockOwnerDeletion: &yes,
			}},
		},
		Spec: v1beta1.ApplicationRevisionSpec{Application: v1beta1.ApplicationSnapshot{
			Labels:      maps.Clone(app.Labels),
			Annotations: annotations,
			Spec:        *app.Spec.DeepCopy(),
		}},
	}
}

// NameOf is how status.latestRevision points at rev.
func NameOf(app string, rev *v1beta1.ApplicationRevision) *v1beta1.RevisionName {
	return &v1beta1.RevisionName{Name: rev.Name, Revision: RevisionNumber(app, rev.Name), RevisionHash: RevisionHash(rev)}
}
