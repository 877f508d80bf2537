// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package account

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"

	accounts "github.com/vela-rollouts/vela/internal/account"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
)

// read gets the Secret of the accounts; one that is not there yet is empty.
func read(ctx context.Context, c *cluster.Cluster) (s *corev1.Secret, there bool, err error) {
	there = true
	s, err = cluster.Get[corev1.Secret](ctx, c, cluster.Secrets(), accounts.Namespace, accounts.Secret)
	if apierrors.IsNotFound(err) {
		there, err = false, nil
		s = &corev1.Secret{TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}}
		s.Name, s.Namespace = accounts.Secret, accounts.Namespace
	}
	if err != nil {
		return nil, false, err
	}
	if s.Data == nil {
		s.Data = map[string][]byte{}
	}
	return s, there, nil
}

// change reads the accounts, changes them and writes them; again when somebody else was quicker.
func change(ctx context.Context, c *cluster.Cluster, edit func(data map[string][]byte) error) error {
	again := func(err error) bool { return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) }
	return retry.OnError(retry.DefaultBackoff, again, func() error {
		s, there, err := read(ctx, c)
		if err != nil {
			return err
		}
		if err := edit(s.Data); err != nil {
			return err
		}
		if !there {
			_, err = cluster.Create(ctx, c, cluster.Secrets(), accounts.Namespace, s)
			return err
		}
		_, err = cluster.Update(ctx, c, cluster.Secrets(), accounts.Namespace, s)
		return err
	})
}
