// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	velaadmission "github.com/vela-rollouts/vela/internal/admission"
)

// replica is one of several servers with a Secret in common.
type replica struct {
	vault velaadmission.Vault
	dir   string
}

func newReplica(t *testing.T, c client.Client) replica {
	t.Helper()
	return replica{velaadmission.Vault{Reader: c, Writer: c, Secret: types.NamespacedName{Namespace: "vela-system", Name: "certs"}}, filepath.Join(t.TempDir(), "certs")}
}

func (r replica) certificates(t *testing.T, at time.Time) (authority string, changed bool) {
	t.Helper()
	text, changed, err := r.vault.Certificates(t.Context(), r.dir, []string{"vela.svc"}, at)
	if err != nil {
		t.Error(err)
	}
	return string(text), changed
}

// believed fails the test unless who knows the authority believes the certificate that the replica serves with.
func (r replica) believed(t *testing.T, authority string, at time.Time) {
	t.Helper()
	served, err := tls.LoadX509KeyPair(filepath.Join(r.dir, "tls.crt"), filepath.Join(r.dir, "tls.key"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(authority))
	if _, err := served.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: "vela.svc", CurrentTime: at}); err != nil {
		t.Errorf("the certificate is not believed: %v", err)
	}
}

func TestReplicasThatStartAtOnceHaveOneAuthority(t *testing.T) {
	t.Parallel()
	c := fake.NewClientBuilder().Build()
	now := time.Unix(1800000000, 0)
	replicas := []replica{newReplica(t, c), newReplica(t, c), newReplica(t, c)}
	authorities := make([]string, len(replicas))
	var all sync.WaitGroup
	for i, r := range replicas {
		all.Go(func() { authorities[i], _ = r.certificates(t, now) })
	}
	all.Wait()
	for i, r := range replicas {
		if authorities[i] != authorities[0] {
			t.Errorf("replica %d has another authority than replica 0", i)
		}
		r.believed(t, authorities[0], now)
		if _, err := os.Stat(filepath.Join(r.dir, "ca.key")); !os.IsNotExist(err) {
			t.Errorf("replica %d has the authority's key on its disk: %v", i, err)
		}
		if _, changed := r.certificates(t, now.Add(time.Hour)); changed {
			t.Errorf("replica %d changes what is good", i)
		}
	}
}

func TestReplicasAreBelievedWhileTheAuthorityIsReplaced(t *testing.T) {
	t.Parallel()
	c := fake.NewClientBuilder().Build()
	start := time.Unix(1800000000, 0)
	first, second := newReplica(t, c), newReplica(t, c)
	const day = 24 * time.Hour
	var before string
	for at := start; at.Before(start.Add(12 * 365 * day)); at = at.Add(20 * day) { // the second one is always later
		authority, _ := first.certificates(t, at)
		first.believed(t, authority, at)
		if before != "" {
			second.believed(t, authority, at)
		}
		second.certificates(t, at)
		second.believed(t, authority, at)
		before = authority
	}
	secret := &corev1.Secret{}
	if err := c.Get(t.Context(), first.vault.Secret, secret); err != nil {
		t.Fatal(err)
	}
	if secret.Type != corev1.SecretTypeTLS || len(secret.Data) != 4 {
		t.Errorf("the Secret is of type %s and has %d entries, want 4 of type %s", secret.Type, len(secret.Data), corev1.SecretTypeTLS)
	}
}
