// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package session

import (
	"sync"
	"time"

	"k8s.io/utils/clock"
)

const (
	// attempts within window, for one name from one address, and for one address whatever the name.
	attempts, attemptsOfAddress = 5, 30
	window                      = time.Minute
	// remembered bounds the memory that strangers can take.
	remembered = 10000
)

// limiter counts attempts to sign in; one that succeeded does not count for its name.
type limiter struct {
	clock clock.PassiveClock
	mu    sync.Mutex
	tries map[string][]time.Time
}

// begin counts an attempt and returns zero, or returns how long to wait before the next. It counts before the password is
// looked at, so that many attempts at the same time are many.
func (l *limiter) begin(name, address string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock.Now()
	if wait := max(l.left(ofName(name, address), attempts, now), l.left(ofAddress(address), attemptsOfAddress, now)); wait > 0 {
		return wait
	}
	l.count(name, address, now)
	return 0
}

func (l *limiter) left(key string, most int, now time.Time) time.Duration {
	tries := l.recent(key, now)
	if len(tries) < most {
		return 0
	}
	return tries[len(tries)-most].Add(window).Sub(now)
}

func (l *limiter) recent(key string, now time.Time) []time.Time {
	tries := l.tries[key]
	for len(tries) > 0 && now.Sub(tries[0]) >= window {
		tries = tries[1:]
	}
	if len(tries) == 0 {
		delete(l.tries, key)
		return nil
	}
	l.tries[key] = tries
	return tries
}

func (l *limiter) count(name, address string, now time.Time) {
	if len(l.tries) >= remembered {
		for key := range l.tries {
			l.recent(key, now)
		}
		if len(l.tries) >= remembered {
			clear(l.tries)
		}
	}
	for _, key := range []string{ofName(name, address), ofAddress(address)} {
		l.tries[key] = append(l.tries[key], now)
	}
}

// succeeded forgets the attempts of a name, and for the address the last one.
func (l *limiter) succeeded(name, address string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tries, ofName(name, address))
	if all := l.tries[ofAddress(address)]; len(all) > 0 {
		l.tries[ofAddress(address)] = all[:len(all)-1]
	}
}

// ofName and ofAddress are keys that never meet, whatever the name is.
func ofName(name, address string) string { return "name\x00" + name + "\x00" + address }

func ofAddress(address string) string { return "address\x00" + address }
