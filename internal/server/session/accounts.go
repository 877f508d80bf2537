// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

const (
	// accountsSecret has one entry for each local account.
	accountsSecret = "vela-accounts"
	// FirstAccount is the account that is made where there is none.
	FirstAccount = "admin"
	// UserPrefix of local accounts, so that none of them can be another user of the cluster.
	UserPrefix = "vela:"
	// GroupOfAdmins is bound to the role vela-admin where the roles are installed.
	GroupOfAdmins = "vela:admins"
	// ShortestPassword in characters.
	ShortestPassword = 12
	// longestPassword in bytes; argon2 takes any, but not for nothing.
	longestPassword = 1024

	// argon2id as RFC 9106 recommends where memory is scarce: 3 passes, 64 MiB.
	argonTime, argonMemory, argonThreads, argonKey, argonSalt = 3, 64 << 10, 2, 32, 16
)

// account is one entry of the Secret; its key is the name.
type account struct {
	// Hash is $argon2id$v=19$m=…,t=…,p=…$SALT$KEY.
	Hash        string   `json:"hash"`
	Groups      []string `json:"groups,omitempty"`
	DisplayName string   `json:"displayName,omitempty"`
	Disabled    bool     `json:"disabled,omitempty"`
}

// errRefused is the one error for a name and a password that do not go together.
var errRefused = errors.New("name and password do not go together")

// accounts are the local ones.
type accounts struct {
	*snapshot
	// turns bounds how many passwords are looked at at a time; each takes 64 MiB.
	turns chan struct{}
	// decoy is looked at for names that are not there, so that they take as long as others.
	decoy string
}

func newAccounts(snapshot *snapshot) *accounts {
	return &accounts{snapshot: snapshot, turns: make(chan struct{}, 2), decoy: hashed("", random(argonSalt))}
}

// verify returns the account of a name and its password; errRefused when they do not go together.
func (a *accounts) verify(ctx context.Context, name, password string) (account, error) {
	found, err := a.find(ctx, name, 0)
	if err != nil {
		return account{}, err
	}
	hash := a.decoy
	if found != nil {
		hash = found.Hash
	}
	select {
	case a.turns <- struct{}{}:
		defer func() { <-a.turns }()
	case <-ctx.Done():
		return account{}, ctx.Err()
	}
	right := len(password) <= longestPassword && matches(hash, password)
	if found == nil || !right || found.Disabled {
		return account{}, errRefused
	}
	return *found, nil
}

// find is the account of a name as it was age ago at most, nil when there is none.
func (a *accounts) find(ctx context.Context, name string, age time.Duration) (*account, error) {
	data, err := a.load(ctx, age)
	if err != nil {
		return nil, err
	}
	raw, ok := data[name]
	if !ok {
		return nil, nil //nolint:nilnil // there is no such account
	}
	var found account
	if err := json.Unmarshal(raw, &found); err != nil {
		return nil, fmt.Errorf("reading account %s in Secret %s: %w", name, accountsSecret, err)
	}
	found.Groups = slices.DeleteFunc(found.Groups, func(g string) bool { return !allowedGroup(g) })
	return &found, nil
}

// allowedGroup keeps accounts out of the groups that Kubernetes itself gives meaning to.
func allowedGroup(group string) bool {
	return strings.HasPrefix(group, UserPrefix)
}

// ensureFirst makes the first account where there is none, and returns its password; empty when there are accounts.
func (a *accounts) ensureFirst(ctx context.Context) (string, error) {
	password := strings.ToLower(randomText())[:20]
	made := false
	err := a.change(ctx, func(data map[string][]byte) bool {
		made = len(data) == 0
		if !made {
			return false
		}
		raw, err := json.Marshal(account{Hash: hashed(password, random(argonSalt)), Groups: []string{GroupOfAdmins}, DisplayName: "Administrator"})
		if err != nil {
			return false
		}
		data[FirstAccount] = raw
		return true
	})
	if err != nil || !made {
		return "", err
	}
	return password, nil
}

// setPassword changes the password of an account that is there.
func (a *accounts) setPassword(ctx context.Context, name, password string) error {
	hash := hashed(password, random(argonSalt))
	gone := true
	err := a.change(ctx, func(data map[string][]byte) bool {
		var found account
		if json.Unmarshal(data[name], &found) != nil {
			return false
		}
		found.Hash = hash
		raw, err := json.Marshal(found)
		if err != nil {
			return false
		}
		data[name], gone = raw, false
		return true
	})
	if err == nil && gone {
		return errRefused
	}
	return err
}

func hashed(password string, salt []byte) string {
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, b64(salt), b64(key))
}

// matches compares in constant time. Hashes with other costs, within bounds, are fine.
func matches(hash, password string) bool {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false
	}
	var memory, passes uint32
	var threads uint8
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads); err != nil || n != 3 {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil || memory > 1<<20 || passes < 1 || passes > 100 || threads < 1 {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) < 16 || len(want) > 128 {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, passes, memory, threads, uint32(len(want))) //nolint:gosec // bounded above
	return subtle.ConstantTimeCompare(got, want) == 1
}
