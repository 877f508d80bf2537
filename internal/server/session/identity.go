// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// prefixOIDC of users and groups of an identity provider, so that none of them can be another user or group of the cluster.
const prefixOIDC = "oidc:"

// answerWithin is how long the identity provider may take to answer.
const answerWithin = 10 * time.Second

// IdentityConfig is how people sign in by an identity provider.
type IdentityConfig struct {
	// Issuer is its address, ClientID and ClientSecret what it knows us by.
	Issuer, ClientID, ClientSecret string
	// URL is where people find this server, such as https://vela.example.com.
	URL string
	// Name is for the button.
	Name string
	// UserClaim names the user: email (which the provider must have verified), sub, or another one. GroupsClaim lists their groups.
	UserClaim, GroupsClaim string
}

// Validate says in a sentence what is missing, and fills in what may be left out.
func (c *IdentityConfig) Validate() error {
	for name, address := range map[string]string{"issuer": c.Issuer, "url": c.URL} {
		at, err := url.Parse(address)
		if err != nil || at.Host == "" || at.Scheme != "https" && at.Hostname() != "localhost" && at.Hostname() != "127.0.0.1" {
			return fmt.Errorf("--oidc-%s: %q is no https address; write one such as https://id.example.com", name, address)
		}
	}
	if c.ClientID == "" {
		return errors.New("--oidc-client-id: is missing; write the id that the identity provider gave you")
	}
	if c.Name == "" {
		c.Name = "OpenID Connect"
	}
	if c.UserClaim == "" {
		c.UserClaim = "email"
	}
	if c.GroupsClaim == "" {
		c.GroupsClaim = "groups"
	}
	return nil
}

// Identity is the identity provider. It is asked about itself when it is used first.
type Identity struct {
	cfg    IdentityConfig
	client *http.Client
	now    func() time.Time

	mu       sync.Mutex
	provider *oidc.Provider
}

// NewIdentity returns an identity provider that is reached by client; its configuration was validated.
func NewIdentity(cfg IdentityConfig, client *http.Client, now func() time.Time) *Identity {
	return &Identity{cfg: cfg, client: client, now: now}
}

// found is the provider, once it has told about itself.
func (i *Identity) found(ctx context.Context) (*oidc.Provider, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.provider != nil {
		return i.provider, nil
	}
	// The keys are fetched again later, when this request is long over.
	p, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), i.client), i.cfg.Issuer)
	if err != nil {
		return nil, fmt.Errorf("asking the identity provider %s about itself: %w", i.cfg.Issuer, err)
	}
	i.provider = p
	return p, nil
}

func (i *Identity) oauth(p *oidc.Provider, callback string) *oauth2.Config {
	return &oauth2.Config{
		ClientID: i.cfg.ClientID, ClientSecret: i.cfg.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: callback,
		Scopes: []string{oidc.ScopeOpenID, "profile", "email", "groups"},
	}
}

// begin is the address to send a person to.
func (i *Identity) begin(ctx context.Context, f flow, callback string) (string, error) {
	p, err := i.found(ctx)
	if err != nil {
		return "", err
	}
	return i.oauth(p, callback).AuthCodeURL(f.State, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), nil
}

// finish exchanges a code for who the person is.
func (i *Identity) finish(ctx context.Context, f flow, code, callback string) (ticket, error) {
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, i.client), answerWithin)
	defer cancel()
	p, err := i.found(ctx)
	if err != nil {
		return ticket{}, err
	}
	tokens, err := i.oauth(p, callback).Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		return ticket{}, fmt.Errorf("exchanging the code: %w", err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	verified, err := p.Verifier(&oidc.Config{ClientID: i.cfg.ClientID, Now: i.now}).Verify(ctx, raw)
	if err != nil {
		return ticket{}, fmt.Errorf("verifying the identity token: %w", err)
	}
	if verified.Nonce != f.Nonce {
		return ticket{}, errors.New("the identity token is of another sign-in")
	}
	var claims map[string]any
	if err := verified.Claims(&claims); err != nil {
		return ticket{}, fmt.Errorf("reading the claims: %w", err)
	}
	return i.person(claims)
}

// person is who the claims are about.
func (i *Identity) person(claims map[string]any) (ticket, error) {
	name, _ := claims[i.cfg.UserClaim].(string)
	if name == "" {
		return ticket{}, fmt.Errorf("the identity token has no claim %s: choose another one with --oidc-user-claim", i.cfg.UserClaim)
	}
	if verified, _ := claims["email_verified"].(bool); i.cfg.UserClaim == "email" && !verified {
		return ticket{}, fmt.Errorf("the identity provider has not verified the address %s", name)
	}
	t := ticket{Provider: ProviderOIDC, Name: name, User: prefixOIDC + name}
	switch groups := claims[i.cfg.GroupsClaim].(type) {
	case string:
		t.Groups = []string{prefixOIDC + groups}
	case []any:
		for _, g := range groups {
			if group, ok := g.(string); ok && group != "" && len(t.Groups) < 200 {
				t.Groups = append(t.Groups, prefixOIDC+group)
			}
		}
	}
	return t, nil
}
