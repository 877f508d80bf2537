// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"net/http"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

func TestADeletedServiceLosesNoRequestUntilItIsBackAndIsGivenUpIfItStaysAway(t *testing.T) {
	onBothPaths(t, testADeletedServiceLosesNoRequestUntilItIsBackAndIsGivenUpIfItStaysAway)
}

func testADeletedServiceLosesNoRequestUntilItIsBackAndIsGivenUpIfItStaysAway(t course) {
	w := newWorld(t, nil)
	b := newBackend(t, "stable", nil)
	w.service("stable", b.address)
	w.service("witness", b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	remove := func() {
		t.Helper()
		if err := w.client.CoreV1().Services("demo").Delete(t.Context(), "stable", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		w.removeEndpoint("stable", b.address)
	}
	remove()
	// A route that comes after the deletion is served after it too.
	w.ingressFor("witness", "witness.example", "witness")
	w.ready(map[string]int{"witness": 1})
	w.mustGet("/")
	w.service("stable", b.address)
	w.ingressFor("witness", "other.example", "witness")
	w.mustGet("/")

	remove()
	w.await("the Service given up", func(p plan.Plan) bool { return len(p.Ingresses["demo/web"].Problems) > 0 })
	if status, _, err := w.get(http.DefaultClient, "/"); err != nil || status != http.StatusServiceUnavailable {
		t.Errorf("status %d, error %v: want 503 once the Service stays away", status, err)
	}
}
