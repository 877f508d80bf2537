// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"errors"
	"math"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ErrDuration is what ParseDuration answers to a text it cannot read.
var ErrDuration = errors.New("invalid timeout, please use the format of timeout like 1s, 1m, 1h or 1d")

const (
	maxBackoff      = 300 * time.Second
	maxBackoffSteps = 15
	day             = 24 * time.Hour
)

// ParseDuration reads a positive duration of numbers with the units ms, s, m, h and d, such as 90s, 1h30m or 1d.
func ParseDuration(text string) (time.Duration, error) {
	var total float64
	rest := text
	for rest != "" {
		digits := span(rest, func(c byte) bool { return c >= '0' && c <= '9' || c == '.' })
		letters := span(rest[digits:], func(c byte) bool { return c >= 'a' && c <= 'z' })
		number, err := strconv.ParseFloat(rest[:digits], 64)
		if err != nil {
			return 0, ErrDuration
		}
		unit := unitOf(rest[digits : digits+letters])
		if unit == 0 {
			return 0, ErrDuration
		}
		total += number * float64(unit)
		rest = rest[digits+letters:]
	}
	if total <= 0 || total > math.MaxInt64/2 {
		return 0, ErrDuration
	}
	return time.Duration(total), nil
}

func unitOf(letters string) time.Duration {
	switch letters {
	case "ms":
		return time.Millisecond
	case "s":
		return time.Second
	case "m":
		return time.Minute
	case "h":
		return time.Hour
	case "d":
		return day
	}
	return 0
}

func span(text string, in func(byte) bool) int {
	for i := range len(text) {
		if !in(text[i]) {
			return i
		}
	}
	return len(text)
}

// Backoff is the pause before a step is tried again after n errors in a row: 0.05·2ⁿ seconds, at least one second and at
// most five minutes (kubevela.md 3.3).
func Backoff(n int32) time.Duration {
	n = min(max(n, 0), maxBackoffSteps)
	seconds := int64(0.05 * math.Pow(2, float64(n)))
	return min(max(time.Duration(seconds)*time.Second, time.Second), maxBackoff)
}

// stamp is a time as the API stores it, in whole seconds, so that it is the same value when it comes back.
func stamp(t time.Time) *metav1.Time {
	stored := metav1.NewTime(t.Truncate(time.Second).Local())
	return &stored
}

// stampNotBefore is the first storable time that is not before t: a wait of half a second must not end at once because
// the half second cannot be stored.
func stampNotBefore(t time.Time) *metav1.Time {
	stored := stamp(t)
	if stored.Time.Before(t) {
		stored.Time = stored.Add(time.Second)
	}
	return stored
}

// deadline is when a step that was started at the stored time runs out of its timeout. The stored time has lost up to a
// second, which the step gets back.
func deadline(started *metav1.Time, timeout time.Duration) time.Time {
	return started.Add(timeout + time.Second)
}
