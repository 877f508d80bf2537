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
	"maps"
	"math/big"
	"net"
	"slices"
	"time"
)

// Files of the authority and of the serving pair, in a directory or a Secret. The serving pair has the names that controller-runtime's server watches.
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

// renewed gives the authority and serving pair for hosts, valid for a good while from now on, out of what files hold by then: what is still
// good of it is left as it is. changed says that something is new.
//
// Servers that share the files learn of a new authority one after the other. Until the certificates of the one before have ended it is in
// the authority's file too, behind the new one, so that each of them is believed.
func renewed(files map[string][]byte, hosts []string, now time.Time) (out map[string][]byte, changed bool, err error) {
	out = maps.Clone(files)
	if out == nil {
		out = map[string][]byte{}
	}
	ca, err := readPair(files, caCertFile, caKeyFile)
	if err != nil || !fresh(ca.cert, now, caLife) {
		before := ca.cert
		if ca, err = newAuthority(now); err != nil {
			return nil, false, err
		}
		if err := ca.write(out, caCertFile, caKeyFile); err != nil {
			return nil, false, err
		}
		if before != nil && now.Before(before.NotAfter) {
			out[caCertFile] = append(out[caCertFile], encodeCert(before)...)
		}
		changed = true
	}
	serving, err := readPair(files, certFile, keyFile)
	if err != nil || !fresh(serving.cert, now, servingLife) || serving.cert.CheckSignatureFrom(ca.cert) != nil || !covers(serving.cert, hosts) {
		if serving, err = newServing(ca, hosts, now); err != nil {
			return nil, false, err
		}
		if err := serving.write(out, certFile, keyFile); err != nil {
			return nil, false, err
		}
		changed = true
	}
	return out, changed, nil
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

func (p pair) write(files map[string][]byte, certName, keyName string) error {
	der, err := x509.MarshalECPrivateKey(p.key)
	if err != nil {
		return fmt.Errorf("writing a key: %w", err)
	}
	files[keyName] = pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})
	files[certName] = encodeCert(p.cert)
	return nil
}

// readPair reads a key and the first certificate of its file.
func readPair(files map[string][]byte, certName, keyName string) (pair, error) {
	certBlock, _ := pem.Decode(files[certName])
	keyBlock, _ := pem.Decode(files[keyName])
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
