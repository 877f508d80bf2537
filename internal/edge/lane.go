// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"net"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// lane is what the fast path keeps with an endpoint: the connections to it that are at rest, the last used one on top.
type lane struct {
	connect func(ctx context.Context, address string) (net.Conn, error)
	limit   time.Duration // how long a connection may rest

	mu    sync.Mutex
	idle  []*line
	sweep *time.Timer // set while a connection is at rest
}

// line is one connection to an endpoint.
type line struct {
	net.Conn
	raw   syscall.RawConn
	check func(fd uintptr) // as a field, so that a look costs no allocation
	poll  [1]unix.PollFd
	until time.Time // the read deadline
	used  time.Time // when it was last put to rest; zero on a new one
}

// take gives a connection at rest, or nil. It has looked that the other side has not closed it, and has sent nothing that a
// later request would take for its answer.
func (l *lane) take(now time.Time) *line {
	for {
		l.mu.Lock()
		n := len(l.idle) - 1
		if n < 0 {
			l.mu.Unlock()
			return nil
		}
		one := l.idle[n]
		l.idle[n] = nil
		l.idle = l.idle[:n]
		l.mu.Unlock()
		if now.Sub(one.used) < l.limit && one.silent() {
			return one
		}
		_ = one.Close()
	}
}

// dial makes a connection.
func (l *lane) dial(ctx context.Context, address string) (*line, error) {
	conn, err := l.connect(ctx, address)
	if err != nil {
		return nil, connectError{err}
	}
	one := &line{Conn: conn}
	if c, ok := conn.(syscall.Conn); ok {
		if one.raw, err = c.SyscallConn(); err != nil {
			_ = conn.Close()
			return nil, connectError{err}
		}
	}
	one.check = func(fd uintptr) {
		one.poll[0] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN} //nolint:gosec // a file descriptor is a small number
		if n, err := unix.Poll(one.poll[:], 0); n == 0 && err == nil {
			one.poll[0].Revents = 0
			return
		}
		one.poll[0].Revents = unix.POLLIN
	}
	return one, nil
}

// silent says whether nothing has come on a connection at rest, no end of it either.
func (c *line) silent() bool {
	return c.raw.Control(c.check) == nil && c.poll[0].Revents == 0
}

// wait sets the read deadline. It may come later by the slack, which saves setting it for each read.
func (c *line) wait(now time.Time, least, slack time.Duration) {
	if left := c.until.Sub(now); left >= least && left <= least+slack {
		return
	}
	c.until = now.Add(least + slack)
	// An error means that the connection is closed, which the read itself reports.
	_ = c.SetReadDeadline(c.until)
}

// put lets a connection rest on which an answer has come to its end.
func (l *lane) put(c *line, now time.Time) {
	c.used = now
	l.mu.Lock()
	if len(l.idle) < maxIdleConns {
		l.idle = append(l.idle, c)
		if l.sweep == nil {
			l.sweep = time.AfterFunc(l.limit, l.expire)
		}
		l.mu.Unlock()
		return
	}
	l.mu.Unlock()
	_ = c.Close()
}

// expire closes what has rested for too long.
func (l *lane) expire() {
	now := time.Now() //nolint:forbidigo // connections rest in real time
	l.mu.Lock()
	old := 0
	for old < len(l.idle) && now.Sub(l.idle[old].used) >= l.limit {
		old++
	}
	closing := append([]*line(nil), l.idle[:old]...)
	l.idle = append(l.idle[:0], l.idle[old:]...)
	l.sweep = nil
	if len(l.idle) > 0 {
		l.sweep = time.AfterFunc(l.limit-now.Sub(l.idle[0].used), l.expire)
	}
	l.mu.Unlock()
	for _, c := range closing {
		_ = c.Close()
	}
}

// empty closes all that is at rest.
func (l *lane) empty() {
	l.mu.Lock()
	closing := l.idle
	l.idle = nil
	if l.sweep != nil {
		l.sweep.Stop()
		l.sweep = nil
	}
	l.mu.Unlock()
	for _, c := range closing {
		_ = c.Close()
	}
}
