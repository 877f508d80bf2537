// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package condition_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/internal/condition"
)

func TestSet(t *testing.T) {
	t.Parallel()
	order := []string{"Parsed", "Ready"}
	first, later := time.Unix(1000, 0), time.Unix(2000, 0)
	c := func(kind, message string, status metav1.ConditionStatus) metav1.Condition {
		return metav1.Condition{Type: kind, Status: status, Reason: "R", Message: message}
	}
	got := condition.Set(nil, order, c("Ready", "", metav1.ConditionFalse), first)
	got = condition.Set(got, order, c("Parsed", "", metav1.ConditionTrue), first)
	if got[0].Type != "Parsed" {
		t.Errorf("conditions stand in the order in which they are reached, but the first is %s", got[0].Type)
	}
	same := condition.Set(got, order, c("Ready", "other words", metav1.ConditionFalse), later)
	if !same[1].LastTransitionTime.Time.Equal(first) || same[1].Message != "other words" {
		t.Error("a new message is no transition: its time stays, its words change")
	}
	flipped := condition.Set(got, order, c("Ready", "", metav1.ConditionTrue), later)
	if !flipped[1].LastTransitionTime.Time.Equal(later) {
		t.Error("another status is a transition: its time moves")
	}
	if got[1].Status != metav1.ConditionFalse {
		t.Error("the conditions given must not be touched")
	}
}
