// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package addon

import (
	"testing"
	"time"
)

func TestADecisionIsRemembered(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	empty := Record{}
	if got := empty.State("kruise-rollout"); got != Disabled {
		t.Errorf("an add-on that was never enabled is %s", got)
	}
	enabled := empty.With("kruise-rollout", Enabled, now)
	if got := enabled.State("kruise-rollout"); got != Enabled {
		t.Errorf("after enabling it is %s", got)
	}
	if got := enabled.With("kruise-rollout", Disabled, now).State("kruise-rollout"); got != Disabled {
		t.Errorf("after disabling it is %s", got)
	}
	if len(empty) != 0 || enabled["kruise-rollout"] != "enabled 2026-11-23T09:00:00Z" {
		t.Errorf("records are values: %v, %v", empty, enabled)
	}
}

func TestAnAddonIsFoundByEachOfItsNames(t *testing.T) {
	for given, want := range map[string]string{
		"kruise-rollout": "kruise-rollout", "nginx-ingress-controller": "ingress-nginx", "ingress-nginx": "ingress-nginx",
	} {
		if got, ok := Find(given); !ok || got.Name != want {
			t.Errorf("%s is %q, want %q", given, got.Name, want)
		}
	}
	if _, ok := Find("no-such"); ok {
		t.Error("an add-on that there is not was found")
	}
}
