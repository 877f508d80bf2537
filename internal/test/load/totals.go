// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// Kind is a way of sending requests.
type Kind string

// The kinds of traffic.
const (
	// NewConnection opens a TCP connection for each request.
	NewConnection Kind = "new connections"
	// KeptAlive sends request after request on a connection.
	KeptAlive Kind = "kept-alive"
	// WebSocket keeps a connection open and sends messages over it.
	WebSocket Kind = "WebSocket"
	// SlowBody sends the body of a POST in small pieces, over most of a second.
	SlowBody Kind = "slow bodies"
	// Call makes gRPC call after call on a connection.
	Call Kind = "gRPC calls"
	// CallStream keeps a gRPC stream open and sends messages over it.
	CallStream Kind = "gRPC streams"
)

// streams says that a request of the kind is a message of a stream, which stays with the version that accepted it.
func (k Kind) streams() bool { return k == WebSocket || k == CallStream }

// Count is sent and failed requests of a kind.
type Count struct {
	Sent, Failed uint64
}

// Span is the time from the first request to the last one.
type Span struct {
	First, Last time.Time
}

func (s Span) with(at time.Time) Span {
	if s.First.IsZero() || at.Before(s.First) {
		s.First = at
	}
	if at.After(s.Last) {
		s.Last = at
	}
	return s
}

// Totals is what was counted so far.
type Totals struct {
	ByKind map[Kind]Count
	// ByVersion counts the answers to plain requests and calls. Messages of a stream are left out: it stays with the version that
	// accepted it, whatever the weight becomes.
	ByVersion map[string]uint64
	// SentTo says when the plain requests that a version answered were sent.
	SentTo map[string]Span
	// Failures are the first reasons, at most 20.
	Failures []string
}

// Sent is the number of requests of all kinds.
func (t Totals) Sent() uint64 {
	var n uint64
	for _, c := range t.ByKind {
		n += c.Sent
	}
	return n
}

// Failed is the number of failed requests of all kinds.
func (t Totals) Failed() uint64 {
	var n uint64
	for _, c := range t.ByKind {
		n += c.Failed
	}
	return n
}

// Since is what was counted after an earlier snapshot of the same run. It has no times of sending: those of all of the run say more.
func (t Totals) Since(earlier Totals) Totals {
	d := Totals{ByKind: map[Kind]Count{}, ByVersion: map[string]uint64{}}
	for k, c := range t.ByKind {
		d.ByKind[k] = Count{c.Sent - earlier.ByKind[k].Sent, c.Failed - earlier.ByKind[k].Failed}
	}
	for v, n := range t.ByVersion {
		if n > earlier.ByVersion[v] {
			d.ByVersion[v] = n - earlier.ByVersion[v]
		}
	}
	d.Failures = t.Failures[min(len(earlier.Failures), len(t.Failures)):]
	return d
}

// Answered is the number of answers that count for shares.
func (t Totals) Answered() uint64 {
	var n uint64
	for _, c := range t.ByVersion {
		n += c
	}
	return n
}

// Share is the percentage of answers that came from version; 0 without answers.
func (t Totals) Share(version string) float64 {
	all := t.Answered()
	if all == 0 {
		return 0
	}
	return 100 * float64(t.ByVersion[version]) / float64(all)
}

// Strayed says that a plain request which was sent after a moment was answered by a version that should get none: any but version
// where that is to have all, version itself where it is to have nothing. What was under way at that moment may end where it is.
func (t Totals) Strayed(version string, want float64, since time.Time) bool {
	for v, span := range t.SentTo {
		if (v == version) == (want == 0) && span.Last.After(since) {
			return true
		}
	}
	return false
}

// String is one line for a person: requests, failures, and the share of each version.
func (t Totals) String() string {
	var shares []string
	for _, v := range slices.Sorted(maps.Keys(t.ByVersion)) {
		shares = append(shares, fmt.Sprintf("%s %.1f %%", v, t.Share(v)))
	}
	return fmt.Sprintf("%d requests, %d failed; %s", t.Sent(), t.Failed(), strings.Join(shares, ", "))
}

// counter collects Totals from many workers.
type counter struct {
	mu     sync.Mutex
	totals Totals
}

func newCounter() *counter {
	return &counter{totals: Totals{ByKind: map[Kind]Count{}, ByVersion: map[string]uint64{}, SentTo: map[string]Span{}}}
}

// maxFailures bounds the reasons kept.
const maxFailures = 20

// record counts a request of a kind that was sent at a time and answered by version, or that failed with err.
func (c *counter) record(kind Kind, at time.Time, version string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.totals.ByKind[kind]
	n.Sent++
	if err == nil {
		if !kind.streams() {
			c.totals.ByVersion[version]++
			c.totals.SentTo[version] = c.totals.SentTo[version].with(at)
		}
		c.totals.ByKind[kind] = n
		return
	}
	n.Failed++
	c.totals.ByKind[kind] = n
	if len(c.totals.Failures) < maxFailures {
		c.totals.Failures = append(c.totals.Failures, fmt.Sprintf("%s: %s: %v", at.Format("15:04:05.000"), kind, err))
	}
}

func (c *counter) snapshot() Totals {
	c.mu.Lock()
	defer c.mu.Unlock()
	return Totals{
		ByKind:    maps.Clone(c.totals.ByKind),
		ByVersion: maps.Clone(c.totals.ByVersion),
		SentTo:    maps.Clone(c.totals.SentTo),
		Failures:  slices.Clone(c.totals.Failures),
	}
}
