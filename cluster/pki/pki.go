// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package pki

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Config says for which names and where.
type Config struct {
	Dir           string   // holds all files; made with mode 0700
	Server        string   // URL of the API server, for kubeconfigs
	APIServerIPs  []net.IP // addresses under which the API server is called
	APIServerDNS  []string // further names of it
	NodeName      string   // empty: no certificates of a node
	NodeIP        net.IP
	ClusterDomain string
}

// Bundle is everything that was loaded or made.
type Bundle struct {
	CA, FrontProxyCA                     *Pair
	APIServer, KubeletClient, FrontProxy *Pair
	KubeletServing                       *Pair // nil without a node
	ServiceAccountKeyFile                string
	ServiceAccountPublicKeyFile          string

	// Kubeconfig files by the component that uses them.
	Admin, ControllerManager, Scheduler, Kubelet, Proxy, DNS, Edge, Manager string
}

// Users of the components that are ours; RBAC grants them what they need.
const (
	// UserKubeletClient is the API server when it calls the kubelet.
	UserKubeletClient = "system:velad:apiserver-kubelet-client"
	UserDNS           = "system:velad:dns"
	UserEdge          = "system:velad:edge"
	UserManager       = "system:velad:manager"
)

// Ensure loads what is good and makes what is missing, at the time now.
func Ensure(cfg Config, now time.Time) (*Bundle, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the certificate directory: %w", err)
	}
	b := &Bundle{}
	var err error
	if b.CA, err = authority(cfg.Dir, "ca", now); err != nil {
		return nil, fmt.Errorf("cluster authority: %w", err)
	}
	if b.FrontProxyCA, err = authority(cfg.Dir, "front-proxy-ca", now); err != nil {
		return nil, fmt.Errorf("front proxy authority: %w", err)
	}
	if err := b.servers(cfg, now); err != nil {
		return nil, err
	}
	if err := b.serviceAccountKeys(cfg.Dir); err != nil {
		return nil, fmt.Errorf("service account keys: %w", err)
	}
	return b, b.kubeconfigs(cfg, now)
}

func (b *Bundle) servers(cfg Config, now time.Time) error {
	names := append([]string{
		"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc." + cfg.ClusterDomain,
	}, cfg.APIServerDNS...)
	var err error
	b.APIServer, err = b.CA.issue(cfg.Dir, "apiserver",
		Subject{CommonName: "kube-apiserver", DNSNames: names, IPs: cfg.APIServerIPs, Server: true}, now)
	if err != nil {
		return fmt.Errorf("API server certificate: %w", err)
	}
	b.KubeletClient, err = b.CA.issue(cfg.Dir, "apiserver-kubelet-client",
		Subject{CommonName: UserKubeletClient, Client: true}, now)
	if err != nil {
		return fmt.Errorf("API server's client certificate: %w", err)
	}
	b.FrontProxy, err = b.FrontProxyCA.issue(cfg.Dir, "front-proxy-client",
		Subject{CommonName: "front-proxy-client", Client: true}, now)
	if err != nil {
		return fmt.Errorf("front proxy certificate: %w", err)
	}
	if cfg.NodeName == "" {
		return nil
	}
	b.KubeletServing, err = b.CA.issue(cfg.Dir, "kubelet-serving",
		Subject{
			CommonName: "system:node:" + cfg.NodeName, Organization: []string{"system:nodes"},
			DNSNames: []string{cfg.NodeName}, IPs: []net.IP{cfg.NodeIP}, Server: true,
		}, now)
	if err != nil {
		return fmt.Errorf("kubelet certificate: %w", err)
	}
	return nil
}

func (b *Bundle) kubeconfigs(cfg Config, now time.Time) error {
	type user struct {
		file    *string
		name    string
		subject Subject
	}
	users := []user{
		{&b.Admin, "admin", Subject{CommonName: "velad-admin", Organization: []string{"system:masters"}}},
		{&b.ControllerManager, "controller-manager", Subject{CommonName: "system:kube-controller-manager"}},
		{&b.Scheduler, "scheduler", Subject{CommonName: "system:kube-scheduler"}},
		{&b.Proxy, "proxy", Subject{CommonName: "system:kube-proxy"}},
		{&b.DNS, "dns", Subject{CommonName: UserDNS}},
		{&b.Edge, "edge", Subject{CommonName: UserEdge}},
		{&b.Manager, "manager", Subject{CommonName: UserManager}},
	}
	if cfg.NodeName != "" {
		users = append(users, user{&b.Kubelet, "kubelet", Subject{
			CommonName: "system:node:" + cfg.NodeName, Organization: []string{"system:nodes"},
		}})
	}
	for _, u := range users {
		u.subject.Client = true
		pair, err := b.CA.issue(cfg.Dir, u.name, u.subject, now)
		if err != nil {
			return fmt.Errorf("certificate of %s: %w", u.name, err)
		}
		*u.file = filepath.Join(cfg.Dir, u.name+".kubeconfig")
		if err := writeKubeconfig(*u.file, cfg.Server, b.CA, pair); err != nil {
			return err
		}
	}
	return nil
}

// serviceAccountKeys keeps the pair that signs tokens. It never expires: a new
// one would make every token in the cluster worthless.
func (b *Bundle) serviceAccountKeys(dir string) error {
	b.ServiceAccountKeyFile = filepath.Join(dir, "sa.key")
	b.ServiceAccountPublicKeyFile = filepath.Join(dir, "sa.pub")
	_, errKey := os.Stat(b.ServiceAccountKeyFile)
	_, errPub := os.Stat(b.ServiceAccountPublicKeyFile)
	if errKey == nil && errPub == nil {
		return nil
	}
	if err := errors.Join(errKey, errPub); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	return writeKeyPair(b.ServiceAccountKeyFile, b.ServiceAccountPublicKeyFile, key)
}

func writeKeyPair(privateFile, publicFile string, key *ecdsa.PrivateKey) error {
	// SEC 1 form: the token signer does not read PKCS 8 of every kind.
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return err
	}
	if err := writePrivate(privateFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private})); err != nil {
		return err
	}
	return writePrivate(publicFile, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
}
