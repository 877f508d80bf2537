// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"sync/atomic"
	"time"
)

// watch looks whether a client is still there while its request waits for a backend.
type watch struct {
	running bool
	left    atomic.Bool
	got     bool    // the client sent a byte of its next request
	one     [1]byte // which is this one
	done    chan struct{}
}

// start begins to watch, if nobody does yet. When the client goes away, interrupt is called.
func (w *watch) start(c *client, interrupt func()) {
	if w.running || w.got || w.left.Load() {
		return
	}
	w.running = true
	c.unlimit()
	go func() {
		n, err := c.conn.Read(w.one[:])
		if w.got = n > 0; !w.got && !isTimeout(err) {
			w.left.Store(true)
			interrupt()
		}
		w.done <- struct{}{}
	}()
}

// stop ends the watch.
func (w *watch) stop(c *client) {
	if !w.running {
		return
	}
	w.running = false
	c.until = time.Unix(1, 0) // long ago: the read ends at once
	// An error means that the connection is closed, which ends the read too.
	_ = c.conn.SetReadDeadline(c.until)
	<-w.done
}

// gone says whether the client went away.
func (w *watch) gone() bool { return w.left.Load() }
