// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"crypto"
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

// Pair is a certificate and its key, as files and in PEM.
type Pair struct {
	CertFile, KeyFile string
	CertPEM, KeyPEM   []byte

	cert *x509.Certificate
	key  crypto.Signer
}

// Subject says whom a certificate names and for what it may be used.
type Subject struct {
	CommonName   string
	Organization []string
	DNSNames     []string
	IPs          []net.IP
	Server       bool // for listening
	Client       bool // for calling
}

const (
	authorityLife   = 10 * 365 * 24 * time.Hour
	certificateLife = 365 * 24 * time.Hour
	// renewBefore is how long before its end a certificate is made again.
	renewBefore = 30 * 24 * time.Hour
	// skew lets clocks that are a little behind accept a new certificate.
	skew = 5 * time.Minute
)

func newKey() (*ecdsa.PrivateKey, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

func serial() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
}

// authority loads or makes a self-signed certificate authority. What an earlier
// one signed is worthless, which issue notices.
func authority(dir, name string, now time.Time) (*Pair, error) {
	if p, err := load(dir, name); err == nil && fresh(p.cert, now) {
		return p, nil
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	number, err := serial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          number,
		Subject:               pkix.Name{CommonName: "velad-" + name},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(authorityLife),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	return store(dir, name, der, key)
}

// issue loads a certificate that is still good for the subject, or signs a new one.
func (ca *Pair) issue(dir, name string, s Subject, now time.Time) (*Pair, error) {
	if p, err := load(dir, name); err == nil && fresh(p.cert, now) && s.fits(p.cert) && p.cert.CheckSignatureFrom(ca.cert) == nil {
		return p, nil
	}
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	number, err := serial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          number,
		Subject:               pkix.Name{CommonName: s.CommonName, Organization: s.Organization},
		DNSNames:              s.DNSNames,
		IPAddresses:           s.IPs,
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(certificateLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           s.usages(),
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, key.Public(), ca.key)
	if err != nil {
		return nil, err
	}
	return store(dir, name, der, key)
}

func (s Subject) usages() []x509.ExtKeyUsage {
	var out []x509.ExtKeyUsage
	if s.Server {
		out = append(out, x509.ExtKeyUsageServerAuth)
	}
	if s.Client {
		out = append(out, x509.ExtKeyUsageClientAuth)
	}
	return out
}

// fits tells whether a certificate names exactly the subject.
func (s Subject) fits(c *x509.Certificate) bool {
	return c.Subject.CommonName == s.CommonName &&
		slices.Equal(c.Subject.Organization, s.Organization) &&
		slices.Equal(c.DNSNames, s.DNSNames) &&
		slices.EqualFunc(c.IPAddresses, s.IPs, net.IP.Equal) &&
		slices.Equal(c.ExtKeyUsage, s.usages())
}

func fresh(c *x509.Certificate, now time.Time) bool {
	return !now.Before(c.NotBefore) && now.Add(renewBefore).Before(c.NotAfter)
}

func store(dir, name string, der []byte, key *ecdsa.PrivateKey) (*Pair, error) {
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	p := paths(dir, name)
	p.CertPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	p.KeyPEM = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	// The key first: a certificate without its key would be taken for good.
	if err := writePrivate(p.KeyFile, p.KeyPEM); err != nil {
		return nil, err
	}
	if err := writePrivate(p.CertFile, p.CertPEM); err != nil {
		return nil, err
	}
	p.key = key
	p.cert, err = x509.ParseCertificate(der)
	return p, err
}

func load(dir, name string) (*Pair, error) {
	p := paths(dir, name)
	var err error
	if p.CertPEM, err = os.ReadFile(p.CertFile); err != nil {
		return nil, err
	}
	if p.KeyPEM, err = os.ReadFile(p.KeyFile); err != nil {
		return nil, err
	}
	block, _ := pem.Decode(p.CertPEM)
	keyBlock, _ := pem.Decode(p.KeyPEM)
	if block == nil || keyBlock == nil {
		return nil, errors.New("no PEM block")
	}
	if p.cert, err = x509.ParseCertificate(block.Bytes); err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(keyBlock.Bytes)
	if err != nil {
		return nil, err
	}
	private, ok := key.(*ecdsa.PrivateKey)
	if !ok || !private.PublicKey.Equal(p.cert.PublicKey) {
		return nil, errors.New("key and certificate do not belong together")
	}
	p.key = private
	return p, nil
}

func paths(dir, name string) *Pair {
	return &Pair{CertFile: filepath.Join(dir, name+".crt"), KeyFile: filepath.Join(dir, name+".key")}
}

// writePrivate writes a file that only its owner may read, whole or not at all.
func writePrivate(path string, data []byte) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, data, 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(tmp, path); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}
