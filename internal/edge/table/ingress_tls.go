// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package table

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// certify gives the hosts of an Ingress's spec.tls their certificates. A host without a usable one is still a host with
// TLS: it is served with the edge's own certificate and plain HTTP is redirected, rather than falling back to plain text.
func (b *builder) certify(c *claim) {
	for i, entry := range c.Spec.TLS {
		field := fmt.Sprintf("spec.tls[%d]", i)
		hosts := entry.Hosts
		if len(hosts) == 0 {
			for _, rule := range c.Spec.Rules {
				hosts = append(hosts, rule.Host)
			}
		}
		hosts = slices.Clone(hosts)
		for j := range hosts {
			hosts[j] = strings.ToLower(hosts[j])
			b.secure[hosts[j]] = true
		}
		if entry.SecretName == "" {
			continue
		}
		key := c.Namespace + "/" + entry.SecretName
		b.table.Needs[key] = true
		secret := b.secrets[key]
		if secret == nil || secret.Type != corev1.SecretTypeTLS {
			c.problem("%s.secretName is %q, and there is no Secret %s of type %s; create it or name another", field, entry.SecretName, key, corev1.SecretTypeTLS)
			continue
		}
		pair, err := b.in.Pair(secret)
		if err != nil {
			c.problem("%s.secretName is %q, which holds no usable certificate (%v); put a matching pair into %s and %s",
				field, entry.SecretName, err, corev1.TLSCertKey, corev1.TLSPrivateKeyKey)
			continue
		}
		b.table.Certificates = append(b.table.Certificates, Certificate{Hosts: hosts, Secret: key, Pair: pair})
	}
}

// encrypted tells whether some spec.tls covers the host.
func (b *builder) encrypted(host string) bool {
	if b.secure[host] || b.secure[""] {
		return true
	}
	_, parent, _ := strings.Cut(host, ".")
	return parent != "" && b.secure["*."+parent]
}

// ParsePair reads the key pair of a Secret of type kubernetes.io/tls.
func ParsePair(secret *corev1.Secret) (*tls.Certificate, error) {
	pair, err := tls.X509KeyPair(secret.Data[corev1.TLSCertKey], secret.Data[corev1.TLSPrivateKeyKey])
	if err != nil {
		return nil, err
	}
	return &pair, nil
}
