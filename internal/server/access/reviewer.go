// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/utils/clock"

	"github.com/vela-rollouts/vela/internal/server/problem"
)

const (
	// remembered is how long an answer of the API server is believed.
	remembered = 30 * time.Second
	// most is how many answers are kept at a time.
	most = 20000
	// everybody is the group of all who have signed in.
	everybody = "system:authenticated"
)

// Check is one question: may a person do verb with resource?
type Check struct {
	Verb, Group string
	// Resource is the plural; a subresource follows after a slash.
	Resource string
	// Namespace is empty for the whole cluster.
	Namespace string
	Name      string
}

// Answer is the API server's.
type Answer struct {
	Allowed bool
	Reason  string
}

// Review asks the API server; it fills in the status.
type Review func(ctx context.Context, review *authorizationv1.SubjectAccessReview) error

// Reviewer answers checks, and remembers the answers for half a minute.
type Reviewer struct {
	ask   Review
	clock clock.PassiveClock

	mu   sync.Mutex
	kept map[string]kept
}

type kept struct {
	answer Answer
	until  time.Time
}

// NewReviewer returns a Reviewer that asks by ask.
func NewReviewer(ask Review, clock clock.PassiveClock) *Reviewer {
	return &Reviewer{ask: ask, clock: clock, kept: map[string]kept{}}
}

// May answers a check for p. The error says that the API server could not be asked.
func (r *Reviewer) May(ctx context.Context, p Person, c Check) (Answer, error) {
	key := strings.Join([]string{p.key(), c.Verb, c.Group, c.Resource, c.Namespace, c.Name}, "\x00")
	now := r.clock.Now()
	r.mu.Lock()
	known, ok := r.kept[key]
	r.mu.Unlock()
	if ok && now.Before(known.until) {
		return known.answer, nil
	}
	resource, subresource, _ := strings.Cut(c.Resource, "/")
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: p.User, UID: p.UID, Groups: signedIn(p.Groups),
		ResourceAttributes: &authorizationv1.ResourceAttributes{
			Verb: c.Verb, Group: c.Group, Version: "*", Resource: resource, Subresource: subresource, Namespace: c.Namespace, Name: c.Name,
		},
	}}
	if err := r.ask(ctx, review); err != nil {
		return Answer{}, problem.Unavailable(err, "the Kubernetes API server")
	}
	answer := Answer{Allowed: review.Status.Allowed && !review.Status.Denied, Reason: review.Status.Reason}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) >= most {
		clear(r.kept)
	}
	r.kept[key] = kept{answer, now.Add(remembered)}
	return answer, nil
}

// signedIn adds the group that the API server puts everybody into who has signed in, so that it answers as it would decide itself.
func signedIn(groups []string) []string {
	if slices.Contains(groups, everybody) {
		return groups
	}
	return append(slices.Clone(groups), everybody)
}

// Must is May with a problem 403 for a no.
func (r *Reviewer) Must(ctx context.Context, p Person, c Check) error {
	answer, err := r.May(ctx, p, c)
	if err != nil {
		return err
	}
	if !answer.Allowed {
		return problem.Forbidden(c.Verb, c.Group, c.Resource, c.Namespace)
	}
	return nil
}

// Forget has every check of p asked for anew, since an answer was no.
func (r *Reviewer) Forget(p Person) {
	prefix := p.key() + "\x00"
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.kept, func(key string, _ kept) bool { return strings.HasPrefix(key, prefix) })
}
