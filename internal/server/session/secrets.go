// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// reloadAfter is how old what is known of a Secret may be; believedAway is how old while the API server is away.
	reloadAfter, believedAway = 15 * time.Second, 5 * time.Minute
)

// Secrets is where Secrets are read and written, in the server's own name and past any cache.
type Secrets struct {
	Reader    client.Reader
	Writer    client.Writer
	Namespace string
}

// get reads one; what is not there is empty and has no resourceVersion.
func (s Secrets) get(ctx context.Context, name string) (*corev1.Secret, error) {
	secret := &corev1.Secret{}
	err := s.Reader.Get(ctx, client.ObjectKey{Namespace: s.Namespace, Name: name}, secret)
	if apierrors.IsNotFound(err) {
		return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: name}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading Secret %s/%s: %w", s.Namespace, name, err)
	}
	return secret, nil
}

// change makes one if need be, and repeats the change when somebody else was quicker. The change returns false for nothing to do.
func (s Secrets) change(ctx context.Context, name string, change func(data map[string][]byte) bool) (*corev1.Secret, error) {
	var out *corev1.Secret
	err := retry.OnError(retry.DefaultBackoff, func(err error) bool { return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) }, func() error {
		secret, err := s.get(ctx, name)
		if err != nil {
			return err
		}
		if secret.Data == nil {
			secret.Data = map[string][]byte{}
		}
		out = secret
		if !change(secret.Data) {
			return nil
		}
		if secret.ResourceVersion == "" {
			return s.Writer.Create(ctx, secret)
		}
		return s.Writer.Update(ctx, secret)
	})
	if err != nil {
		return nil, fmt.Errorf("writing Secret %s/%s: %w", s.Namespace, name, err)
	}
	return out, nil
}

// snapshot is what one Secret says, as of a moment ago.
type snapshot struct {
	secrets Secrets
	name    string
	clock   clock.PassiveClock

	mu     sync.Mutex
	data   map[string][]byte
	loaded time.Time
}

// load reads the Secret when what is known is older than age. The map is not to be changed.
func (s *snapshot) load(ctx context.Context, age time.Duration) (map[string][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	if s.data != nil && now.Sub(s.loaded) < age {
		return s.data, nil
	}
	secret, err := s.secrets.get(ctx, s.name)
	if err != nil {
		if s.data != nil && now.Sub(s.loaded) < believedAway {
			return s.data, nil // the API server is away: what was true a moment ago goes on
		}
		return nil, err
	}
	s.data, s.loaded = secret.Data, now
	if s.data == nil {
		s.data = map[string][]byte{}
	}
	return s.data, nil
}

// change changes the Secret, and remembers what it says then.
func (s *snapshot) change(ctx context.Context, change func(data map[string][]byte) bool) error {
	secret, err := s.secrets.change(ctx, s.name, change)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data, s.loaded = maps.Clone(secret.Data), s.clock.Now()
	return nil
}
