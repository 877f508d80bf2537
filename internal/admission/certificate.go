// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Files in the certificate directory. The serving pair has the names that controller-runtime's server watches.
const (
	caCertFile = "ca.crt"
	caKeyFile  = "ca.key"
	certFile   = "tls.crt"
	keyFile    = "tls.key"
)

const (
	caLife      = 10 * 365 * 24 * time.Hour
	servingLife = 90 * 24 * time.Hour
)

// Certificates makes sure that dir holds an authority and a serving certificate for hosts that are valid for a good while
// from now on, and returns the authority's certificate as PEM. What is still good is left as it is, so that a server that
// watches the files goes on; changed says that something was written.
func Certificates(dir string, hosts []string, now time.Time) (authority []byte, changed bool, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, false, fmt.Errorf("making the certificate directory: %w", err)
	}
	ca, err := readPair(dir, caCertFile, caKeyFile)
	if err != nil || !fresh(ca.cert, now, caLife) {
		if ca, err = newAuthority(now); err != nil {
			return nil, false, err
		}
		if err := ca.write(dir, caCertFile, caKeyFile); err != nil {
			return nil, false, err
		}
		changed = true
	}
	serving, err := readPair(dir, certFile, keyFile)
	if err != nil || !fresh(serving.cert, now, servingLife) || serving.cert.CheckSignatureFrom(ca.cert) != nil || !covers(serving.cert, hosts) {
		if serving, err = newServing(ca, hosts, now); err != nil {
			return nil, false, err
		}
		if err := serving.write(dir, certFile, keyFile); err != nil {
			return nil, false, err
		}
		changed = true
	}
	return encodeCert(ca.cert), changed, nil
}

type pair struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// fresh says that at least a third of its life is left.
func fresh(cert *x509.Certificate, now time.Time, life time.Duration) bool {
	return now.After(cert.NotBefore) && cert.NotAfter.Sub(now) > life/3
}

func covers(cert *x509.Certificate, hosts []string) bool {
	return !slices.ContainsFunc(hosts, func(h string) bool { return cert.VerifyHostname(h) != nil })
}

func newAuthority(now time.Time) (pair, error) {
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "vela admission"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(caLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	return issue(template, nil)
}

func newServing(ca pair, hosts []string, now time.Time) (pair, error) {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: "vela admission"},
		NotBefore:   now.Add(-time.Hour),
		NotAfter:    now.Add(servingLife),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
			continue
		}
		template.DNSNames = append(template.DNSNames, h)
	}
	return issue(template, &ca)
}

func issue(template *x509.Certificate, by *pair) (pair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, fmt.Errorf("making a key: %w", err)
	}
	template.SerialNumber, err = rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return pair{}, fmt.Errorf("making a serial number: %w", err)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return pair{}, fmt.Errorf("signing a certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return pair{}, fmt.Errorf("reading a new certificate: %w", err)
	}
	return pair{cert: cert, key: key}, nil
}

func encodeCert(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// write stores the key first: whoever sees the new certificate finds its key.
func (p pair) write(dir, certName, keyName string) error {
	der, err := x509.MarshalECPrivateKey(p.key)
	if err != nil {
		return fmt.Errorf("writing a key: %w", err)
	}
	key := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	if err := replaceFile(filepath.Join(dir, keyName), key, 0o600); err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, certName), encodeCert(p.cert), 0o644)
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

func readPair(dir, certName, keyName string) (pair, error) {
	certPEM, err := os.ReadFile(filepath.Join(dir, certName))
	if err != nil {
		return pair{}, err
	}
	keyPEM, err := os.ReadFile(filepath.Join(dir, keyName))
	if err != nil {
		return pair{}, err
	}
	certBlock, _ := pem.Decode(certPEM)
	keyBlock, _ := pem.Decode(keyPEM)
	if certBlock == nil || keyBlock == nil {
		return pair{}, errors.New("not in PEM form")
	}
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		return pair{}, err
	}
	key, err := x509.ParseECPrivateKey(keyBlock.Bytes)
	if err != nil {
		return pair{}, err
	}
	if !key.PublicKey.Equal(cert.PublicKey) {
		return pair{}, errors.New("certificate and key do not belong together")
	}
	return pair{cert: cert, key: key}, nil
}
