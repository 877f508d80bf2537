// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// ledger is the API server's audit log, read in parts.
type ledger struct {
	file   string
	offset int64
}

// entry is what is used of an audit event.
type entry struct {
	Verb string `json:"verb"`
	User struct {
		Username string `json:"username"`
	} `json:"user"`
	UserAgent string `json:"userAgent"`
	ObjectRef struct {
		Resource    string `json:"resource"`
		Name        string `json:"name"`
		Subresource string `json:"subresource"`
	} `json:"objectRef"`
	ResponseStatus struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
}

// who is an identity in the audit log.
type who struct {
	user  string
	agent string // what the user agent begins with; empty: any
	// apart is what the names of objects begin with whose requests are left out; empty: none.
	apart string
}

// controllers is what vela-core is known as.
func controllers() who { return who{user: "system:velad:manager"} }

// hand is whoever makes the writes of the floor.
func hand() who { return who{user: "velad-admin", agent: userAgent} }

// userAgent of this program.
const userAgent = "vela-bench"

// requests are counts by what was asked, such as "patch rollouts/status".
type requests map[string]int

// leases keep a leader elected; they are not part of the work.
const leases = "leases"

// mark leaves out everything until now.
func (l *ledger) mark() error {
	info, err := os.Stat(l.file)
	if err != nil {
		return fmt.Errorf("looking at the audit log: %w", err)
	}
	l.offset = info.Size()
	return nil
}

// since counts the requests of somebody after the mark, once there were none for a while: events are sent late.
func (l *ledger) since(ctx context.Context, by who) (requests, error) {
	const quiet = 2 * time.Second
	counts := requests{}
	last := time.Now()
	for time.Since(last) < quiet {
		more, err := l.read(counts, by)
		if err != nil {
			return nil, err
		}
		if more {
			last = time.Now()
		}
		if err := pause(ctx, 200*time.Millisecond); err != nil {
			return nil, err
		}
	}
	return counts, nil
}

// read adds whole lines after the mark to counts, moves the mark, and says whether there was something of theirs.
func (l *ledger) read(counts requests, by who) (bool, error) {
	file, err := os.Open(l.file)
	if err != nil {
		return false, fmt.Errorf("opening the audit log: %w", err)
	}
	defer func() { _ = file.Close() }()
	if _, err := file.Seek(l.offset, io.SeekStart); err != nil {
		return false, fmt.Errorf("reading the audit log: %w", err)
	}
	found := false
	lines := bufio.NewReader(file)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return found, nil // a line that is not whole is read the next time
		}
		l.offset += int64(len(line))
		var e entry
		if err := json.Unmarshal(line, &e); err != nil {
			return found, fmt.Errorf("reading the audit log: %w", err)
		}
		if e.User.Username != by.user || !strings.HasPrefix(e.UserAgent, by.agent) {
			continue
		}
		// The end of a watch is written when it ends, whenever it began.
		if e.Verb == "watch" || e.ObjectRef.Resource == leases {
			continue
		}
		found = true
		if by.apart != "" && strings.HasPrefix(e.ObjectRef.Name, by.apart) {
			continue
		}
		counts[e.what()]++
	}
}

func (e entry) what() string {
	name := e.ObjectRef.Resource
	if e.ObjectRef.Subresource != "" {
		name += "/" + e.ObjectRef.Subresource
	}
	text := e.Verb + " " + name
	if e.ResponseStatus.Code >= 400 {
		text += fmt.Sprintf(" (%d)", e.ResponseStatus.Code)
	}
	return text
}

// total is the number of all requests, and writes of those that change something.
func (r requests) total() (n int) {
	for _, count := range r {
		n += count
	}
	return n
}

func (r requests) writes() (n int) {
	for what, count := range r {
		verb, _, _ := strings.Cut(what, " ")
		switch verb {
		case "get", "list", "watch":
		default:
			n += count
		}
	}
	return n
}

// per divides by the number of canaries or applications, most frequent first.
func (r requests) per(n int) string {
	keys := slices.SortedFunc(maps.Keys(r), func(a, b string) int {
		return cmp.Or(cmp.Compare(r[b], r[a]), strings.Compare(a, b))
	})
	var parts []string
	for _, key := range keys {
		parts = append(parts, fmt.Sprintf("%s %s", key, short(float64(r[key])/float64(n))))
	}
	return strings.Join(parts, ", ")
}

// short is a number with at most two decimals.
func short(v float64) string {
	text := fmt.Sprintf("%.2f", v)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}

// pause waits, or ends with the context.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
