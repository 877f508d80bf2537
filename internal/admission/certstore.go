// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Certificates makes sure that dir holds an authority and a serving certificate for hosts that are valid for a good while
// from now on, and returns the authority's certificates as PEM. What is still good is left as it is, so that a server that
// watches the files goes on; changed says that something was written.
func Certificates(dir string, hosts []string, now time.Time) (authority []byte, changed bool, err error) {
	files, err := readDir(dir)
	if err != nil {
		return nil, false, err
	}
	want, changed, err := renewed(files, hosts, now)
	if err != nil {
		return nil, false, err
	}
	if err := writeDir(dir, files, want); err != nil {
		return nil, false, err
	}
	return want[caCertFile], changed, nil
}

// Vault is a Secret by which several servers have the same authority and serving certificate.
type Vault struct {
	Reader client.Reader // past any cache
	Writer client.Writer
	Secret types.NamespacedName
}

// Certificates is the function of that name for servers that share a Secret, which is made and renewed as needed, by whoever is first;
// dir gets what is in it. changed says that dir has something new.
func (v Vault) Certificates(ctx context.Context, dir string, hosts []string, now time.Time) (authority []byte, changed bool, err error) {
	var want map[string][]byte
	err = retry.OnError(retry.DefaultBackoff, func(err error) bool { return apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) }, func() error {
		want, err = v.renew(ctx, hosts, now)
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("keeping the webhooks' certificates in Secret %s: %w", v.Secret, err)
	}
	files, err := readDir(dir)
	if err != nil {
		return nil, false, err
	}
	delete(want, caKeyFile) // a server needs no more than its own key
	for name := range want {
		changed = changed || !bytes.Equal(files[name], want[name])
	}
	return want[caCertFile], changed, writeDir(dir, files, want)
}

// renew gives what the Secret holds, after it has written what was to be renewed of it.
func (v Vault) renew(ctx context.Context, hosts []string, now time.Time) (map[string][]byte, error) {
	secret := &corev1.Secret{}
	err := v.Reader.Get(ctx, v.Secret, secret)
	missing := apierrors.IsNotFound(err)
	if err != nil && !missing {
		return nil, err
	}
	want, changed, err := renewed(secret.Data, hosts, now)
	if err != nil || !changed {
		return want, err
	}
	if missing {
		return want, v.Writer.Create(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: v.Secret.Namespace, Name: v.Secret.Name}, Type: corev1.SecretTypeTLS, Data: want})
	}
	secret.Data = want
	return want, v.Writer.Update(ctx, secret) // refused if somebody else was quicker: it has a resourceVersion
}

func readDir(dir string) (map[string][]byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the certificate directory: %w", err)
	}
	files := map[string][]byte{}
	for _, name := range []string{caCertFile, caKeyFile, certFile, keyFile} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the webhooks' certificates: %w", err)
		}
		files[name] = content
	}
	return files, nil
}

// writeDir writes what differs, a key before its certificate: whoever sees the new certificate finds its key.
func writeDir(dir string, is, want map[string][]byte) error {
	for _, f := range []struct {
		name string
		mode os.FileMode
	}{{caKeyFile, 0o600}, {caCertFile, 0o644}, {keyFile, 0o600}, {certFile, 0o644}} {
		content, there := want[f.name]
		if !there || bytes.Equal(is[f.name], content) {
			continue
		}
		if err := replaceFile(filepath.Join(dir, f.name), content, f.mode); err != nil {
			return err
		}
	}
	return nil
}

// replaceFile writes a file beside the old one and moves it over it.
func replaceFile(path string, content []byte, mode os.FileMode) error {
	next := path + ".new"
	if err := os.WriteFile(next, content, mode); err != nil {
		return fmt.Errorf("writing %s: %w", filepath.Base(path), err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("replacing %s: %w", filepath.Base(path), err)
	}
	return nil
}
