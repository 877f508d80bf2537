// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func testConfig(dir string) Config {
	return Config{
		Dir: dir, Server: "https://127.0.0.1:6443", NodeName: "velad", NodeIP: net.IPv4(10, 244, 0, 1),
		APIServerIPs: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1)}, ClusterDomain: "cluster.local",
	}
}

func TestCertificatesAreKeptUntilTheyAreNoGoodAnyMore(t *testing.T) {
	now := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	day := 24 * time.Hour
	cases := map[string]struct {
		change         func(c *Config)
		later          time.Duration
		newCA, newCert bool
	}{
		"the next day nothing is made again":                     {later: day},
		"thirty days before its end a certificate is made again": {later: 336 * day, newCert: true},
		"just before that it is kept":                            {later: 334 * day},
		"another address makes a new server certificate":         {change: func(c *Config) { c.APIServerIPs = c.APIServerIPs[:1] }, newCert: true},
		"a new authority makes everything it signed again":       {later: 10 * 365 * day, newCA: true, newCert: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t.TempDir())
			first, err := Ensure(cfg, now)
			if err != nil {
				t.Fatal(err)
			}
			if tc.change != nil {
				tc.change(&cfg)
			}
			second, err := Ensure(cfg, now.Add(tc.later))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(first.CA.CertPEM) != string(second.CA.CertPEM); got != tc.newCA {
				t.Errorf("new authority: %t, want %t", got, tc.newCA)
			}
			if got := string(first.APIServer.CertPEM) != string(second.APIServer.CertPEM); got != tc.newCert {
				t.Errorf("new certificate: %t, want %t", got, tc.newCert)
			}
			pool := x509.NewCertPool()
			pool.AddCert(second.CA.cert)
			_, err = second.APIServer.cert.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: now.Add(tc.later), DNSName: "127.0.0.1"})
			if err != nil {
				t.Errorf("the certificate should be trusted: %v", err)
			}
		})
	}
}

func TestOnlyTheOwnerReadsTheFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	b, err := Ensure(testConfig(dir), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 600", e.Name(), info.Mode().Perm())
		}
		if strings.HasSuffix(e.Name(), ".new") {
			t.Errorf("%s was left behind", e.Name())
		}
	}
	if b.Kubelet == "" {
		t.Error("a node should have got a kubeconfig")
	}
}
