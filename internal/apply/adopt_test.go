// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apply_test

import (
	"errors"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/apply"
)

func TestAnObjectWhoseLabelsSomebodyTookOffIsAdoptedAgainWhenItIsOnRecordAndWasApplied(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		reason   string
		theirs   bool   // somebody else made it
		label    string // of another application
		recorded bool
		adopted  bool
	}{
		"on record, and applied by us":       {"it is still ours", false, "", true, true},
		"applied by us, not on record":       {"it may be what another application left behind", false, "", false, false},
		"on record, and made by somebody":    {"it never was ours", true, "", true, false},
		"claimed by another application":     {"its labels say so", false, "other", true, false},
		"made by somebody and not on record": {"nothing says that it is ours", true, "", false, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if c.theirs {
				o := object(t, ingress)
				o.SetLabels(nil)
				if err := b.client.Create(t.Context(), o, client.FieldOwner("kubectl-create")); err != nil {
					t.Fatal(err)
				}
			} else {
				if err := b.apply(ingress); err != nil {
					t.Fatal(err)
				}
				b.edit(func(i *networkingv1.Ingress) {
					i.Labels = nil
					if c.label != "" {
						i.Labels = map[string]string{v1beta1.LabelAppName: c.label}
					}
				})
			}
			want, live := object(t, ingress), b.live(object(t, ingress))
			live.SetManagedFields(nil) // the cache leaves them out
			wrote, err := b.a.Apply(t.Context(), apply.Owner{Namespace: "default", Name: "demo"}, want, live, c.recorded)
			var refused *apply.RefusedError
			if c.adopted != (err == nil && wrote) || c.adopted == errors.As(err, &refused) {
				t.Fatalf("%s: wrote %v, %v", c.reason, wrote, err)
			}
			if got := b.live(want).GetLabels()[v1beta1.LabelAppName]; c.adopted != (got == "demo") {
				t.Errorf("%s: the label says %q", c.reason, got)
			}
		})
	}
}
