// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// keySize of AES-256, in bytes.
const keySize = 32

// ErrNotOurs is the error for a cookie that this server's keys did not seal.
var ErrNotOurs = errors.New("the cookie was not sealed by this server, or by a key that is gone")

// ticket is what a cookie says.
type ticket struct {
	// ID of the session; random.
	ID       string   `json:"id"`
	Provider string   `json:"p"`
	Name     string   `json:"n"`
	User     string   `json:"u"`
	UID      string   `json:"uid,omitempty"`
	Groups   []string `json:"g,omitempty"`
	// Token of a service account; looked at again and again while the session lasts.
	Token string `json:"t,omitempty"`
	// Epoch of the person when the session began; a later one ends it.
	Epoch int64 `json:"e"`
	// Begun and Seen are in Unix seconds.
	Begun int64 `json:"b"`
	Seen  int64 `json:"s"`
}

func (t ticket) begun() time.Time { return time.Unix(t.Begun, 0) }
func (t ticket) seen() time.Time  { return time.Unix(t.Seen, 0) }

// sealed is v as KID.BASE64, bound to the name of the cookie.
func sealed(v any, kid string, key []byte, cookie string) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("writing the session: %w", err)
	}
	box, err := boxOf(key)
	if err != nil {
		return "", err
	}
	return kid + "." + base64.RawURLEncoding.EncodeToString(box.Seal(nil, nil, plain, []byte(cookie+"\x00"+kid))), nil
}

// opened is the opposite; key finds a key by its id. Every failure is ErrNotOurs.
func opened[T any](value, cookie string, key func(kid string) []byte) (T, error) {
	var v T
	kid, text, ok := strings.Cut(value, ".")
	if !ok {
		return v, ErrNotOurs
	}
	k := key(kid)
	if k == nil {
		return v, ErrNotOurs
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return v, ErrNotOurs
	}
	box, err := boxOf(k)
	if err != nil {
		return v, ErrNotOurs
	}
	plain, err := box.Open(nil, nil, raw, []byte(cookie+"\x00"+kid))
	if err != nil {
		return v, ErrNotOurs
	}
	if err := json.Unmarshal(plain, &v); err != nil {
		return v, ErrNotOurs
	}
	return v, nil
}

func boxOf(key []byte) (cipher.AEAD, error) {
	if len(key) != keySize {
		return nil, fmt.Errorf("a key has %d bytes, and %d are needed", len(key), keySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// random is n random bytes; reading them does not fail (crypto/rand).
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

// randomText has 26 characters of base32 and 128 bits of chance.
func randomText() string { return rand.Text() }
