// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// keysSecret holds the keys, the epochs and the sessions that were ended.
	keysSecret = "vela-sessions"
	// rotateAfter is the age at which a key seals no more cookies; it opens them for another lifetime.
	rotateAfter = 24 * time.Hour
	// reloadSoonest is how often an unknown key makes us look.
	reloadSoonest = time.Second

	keyPrefix, epochPrefix, endedPrefix = "key.", "epoch.", "ended."
)

// keyring is the Secret of the keys.
type keyring struct{ *snapshot }

// current is the key that seals; a new one is made when the newest is a day old.
func (k *keyring) current(ctx context.Context) (kid string, key []byte, err error) {
	data, err := k.load(ctx, reloadAfter)
	if err != nil {
		return "", nil, err
	}
	now := k.clock.Now()
	if kid = newest(data); kid != "" && now.Sub(madeAt(kid)) < rotateAfter {
		return kid, data[keyPrefix+kid], nil
	}
	err = k.change(ctx, func(data map[string][]byte) bool {
		if kid = newest(data); kid != "" && now.Sub(madeAt(kid)) < rotateAfter {
			return false // another process was quicker
		}
		kid = strconv.FormatInt(now.Unix(), 36) + "-" + strings.ToLower(randomText()[:6])
		data[keyPrefix+kid] = random(keySize)
		purge(data, now)
		return true
	})
	if err != nil {
		return "", nil, err
	}
	data, err = k.load(ctx, reloadAfter)
	return kid, data[keyPrefix+kid], err
}

// find is the key of that id, nil when there is none. One that was made a moment ago by another process is looked for.
func (k *keyring) find(ctx context.Context, kid string) []byte {
	for _, age := range []time.Duration{reloadAfter, reloadSoonest} {
		data, err := k.load(ctx, age)
		if err != nil {
			return nil
		}
		if key, ok := data[keyPrefix+kid]; ok && k.clock.Now().Sub(madeAt(kid)) < rotateAfter+lifetime {
			return key
		}
	}
	return nil
}

// newest is the id of the key that was made last.
func newest(data map[string][]byte) string {
	best := ""
	for _, name := range slices.Sorted(maps.Keys(data)) {
		if kid, ok := strings.CutPrefix(name, keyPrefix); ok && len(data[name]) == keySize && (best == "" || madeAt(kid).After(madeAt(best))) {
			best = kid
		}
	}
	return best
}

// madeAt is when a key was made, which its id says.
func madeAt(kid string) time.Time {
	text, _, _ := strings.Cut(kid, "-")
	seconds, err := strconv.ParseInt(text, 36, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(seconds, 0)
}

// purge drops what nothing can ask for any more.
func purge(data map[string][]byte, now time.Time) {
	for name, value := range data {
		switch {
		case strings.HasPrefix(name, keyPrefix) && now.Sub(madeAt(strings.TrimPrefix(name, keyPrefix))) > rotateAfter+lifetime:
			delete(data, name)
		case strings.HasPrefix(name, endedPrefix), strings.HasPrefix(name, epochPrefix):
			at, err := strconv.ParseInt(string(value), 10, 64)
			if err != nil || now.Sub(time.Unix(at, 0)) > lifetime {
				delete(data, name)
			}
		}
	}
}

// end ends one session before its time.
func (k *keyring) end(ctx context.Context, id string) error {
	now := k.clock.Now()
	return k.change(ctx, func(data map[string][]byte) bool {
		data[endedPrefix+id] = []byte(strconv.FormatInt(now.Unix(), 10))
		purge(data, now)
		return true
	})
}

// endAll ends every session of a user that began until now.
func (k *keyring) endAll(ctx context.Context, user string) error {
	now := k.clock.Now()
	return k.change(ctx, func(data map[string][]byte) bool {
		data[epochPrefix+hashOf(user)] = []byte(strconv.FormatInt(now.Unix(), 10))
		purge(data, now)
		return true
	})
}

// ended says that a session was ended before its time.
func (k *keyring) ended(ctx context.Context, t ticket) (bool, error) {
	data, err := k.load(ctx, reloadAfter)
	if err != nil {
		return false, err
	}
	if _, ok := data[endedPrefix+t.ID]; ok {
		return true, nil
	}
	epoch, _ := strconv.ParseInt(string(data[epochPrefix+hashOf(t.User)]), 10, 64)
	return t.Epoch <= epoch, nil
}

// epoch for a session of user that begins now: one that was ended in this very second does not take it with it.
func (k *keyring) epoch(ctx context.Context, user string) (int64, error) {
	data, err := k.load(ctx, reloadAfter)
	if err != nil {
		return 0, err
	}
	last, _ := strconv.ParseInt(string(data[epochPrefix+hashOf(user)]), 10, 64)
	return max(k.clock.Now().Unix(), last+1), nil
}

// hashOf makes a key of a Secret of any name.
func hashOf(user string) string {
	sum := sha256.Sum256([]byte(user))
	return hex.EncodeToString(sum[:16])
}
