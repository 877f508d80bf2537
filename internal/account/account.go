// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package account is who may sign in to VelaUX with a name and a password: the entries of one Secret. What a person may do
// is no matter of the account but of RBAC on the person and on their groups.
package account

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/crypto/argon2"
)

const (
	// Secret has one entry for each account.
	Secret = "vela-accounts"
	// Namespace of the Secret.
	Namespace = "vela-system"
	// First is the account that is made where there is none.
	First = "admin"
	// Prefix of the Kubernetes users and groups of accounts, so that none of them can be another user of the cluster.
	Prefix = "vela:"
	// ShortestPassword in characters.
	ShortestPassword = 12
	// LongestPassword in bytes; argon2 takes any, but not for nothing.
	LongestPassword = 1024

	// argon2id as RFC 9106 recommends where memory is scarce: 3 passes, 64 MiB.
	argonTime, argonMemory, argonThreads, argonKey, argonSalt = 3, 64 << 10, 2, 32, 16
)

// Account is one entry of the Secret; its key is the name.
type Account struct {
	// Hash is $argon2id$v=19$m=…,t=…,p=…$SALT$KEY.
	Hash        string   `json:"hash"`
	Groups      []string `json:"groups,omitempty"`
	DisplayName string   `json:"displayName,omitempty"`
	Disabled    bool     `json:"disabled,omitempty"`
	// Since ends the sessions that began before it, in seconds since the Unix epoch: somebody gave the account a new password.
	Since int64 `json:"since,omitempty"`
}

// Roles are those that velad and the chart install and bind to groups, with fewer rights first.
func Roles() []string { return []string{"viewer", "developer", "approver", "operator", "admin"} }

// GroupOf is the Kubernetes group to which a role is bound in the whole cluster.
func GroupOf(role string) string { return Prefix + role + "s" }

// RoleOf is the role of a group; empty for a group that somebody bound by hand.
func RoleOf(group string) string {
	role := strings.TrimSuffix(strings.TrimPrefix(group, Prefix), "s")
	if slices.Contains(Roles(), role) && GroupOf(role) == group {
		return role
	}
	return ""
}

var name = regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$`)

// CheckName says what is wrong with the name of an account; nil for nothing.
func CheckName(s string) error {
	if !name.MatchString(s) {
		return fmt.Errorf("account name %q: use 1 to 63 lower-case letters, digits, '-' and '.', with a letter or digit first and last", s)
	}
	return nil
}

// CheckPassword says what is wrong with a password that somebody chose; nil for nothing.
func CheckPassword(password string) error {
	if n := len([]rune(password)); n < ShortestPassword {
		return fmt.Errorf("the password has %d characters: use at least %d", n, ShortestPassword)
	}
	if len(password) > LongestPassword {
		return fmt.Errorf("the password has %d bytes: use at most %d", len(password), LongestPassword)
	}
	return nil
}

// Read gives the account of a name from the Secret's data; nil where there is none. Groups that Kubernetes itself gives meaning to
// are left out, whoever wrote them there.
func Read(data map[string][]byte, name string) (*Account, error) {
	raw, ok := data[name]
	if !ok {
		return nil, nil //nolint:nilnil // there is no such account
	}
	var a Account
	if err := json.Unmarshal(raw, &a); err != nil {
		return nil, fmt.Errorf("reading account %s in Secret %s: %w", name, Secret, err)
	}
	a.Groups = slices.DeleteFunc(a.Groups, func(g string) bool { return !strings.HasPrefix(g, Prefix) })
	return &a, nil
}

// Write puts the account of a name into the Secret's data.
func Write(data map[string][]byte, name string, a Account) error {
	raw, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("writing account %s: %w", name, err)
	}
	data[name] = raw
	return nil
}

// NewPassword is a random one of 20 characters, of 100 bits.
func NewPassword() string { return strings.ToLower(rand.Text())[:20] }

// Hash is what is kept of a password. Salt is random each time.
func Hash(password string) string {
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails (Go 1.24)
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads, b64(salt), b64(key))
}

// Matches tells whether a password is the one of a hash, in constant time. It takes 64 MiB; hashes with other costs, within
// bounds, are fine.
func Matches(hash, password string) bool {
	parts := strings.Split(hash, "$")
	if len(password) > LongestPassword || len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
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
