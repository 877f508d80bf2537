// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/vela-rollouts/vela/internal/server/problem"
)

// Person is who asks, as the API server knows them.
type Person struct {
	// Name is what people call them; User is who they are to the API server.
	Name string
	User string
	UID  string
	// Groups as they are impersonated.
	Groups []string
	// Session is the id of the session that the request is part of.
	Session string
}

// key is the same for two requests of the same rights.
func (p Person) key() string {
	groups := slices.Clone(p.Groups)
	slices.Sort(groups)
	sum := sha256.Sum256([]byte(p.User + "\x00" + p.UID + "\x00" + strings.Join(groups, "\x00")))
	return hex.EncodeToString(sum[:])
}

type personKey struct{}

// WithPerson is ctx for a request of p.
func WithPerson(ctx context.Context, p Person) context.Context {
	return context.WithValue(ctx, personKey{}, p)
}

// From is who asks; the error is a problem 401 where nobody is signed in.
func From(ctx context.Context) (Person, error) {
	p, ok := ctx.Value(personKey{}).(Person)
	if !ok || p.User == "" {
		return Person{}, problem.SignedOut()
	}
	return p, nil
}
