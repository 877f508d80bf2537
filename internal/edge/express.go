// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// express is the fast path: it serves plain requests of HTTP/1.1 on a listener, and hands a connection over to net/http with
// the first request that is anything else. A connection that was handed over stays there. Nothing of a request that is
// handed over was sent to a backend that may have acted on it, and nothing of an answer to the client.
type express struct {
	entry    *entrance
	listener net.Listener
	other    *handover

	mu    sync.Mutex
	open  map[*client]bool
	spare []*client     // whose goroutines wait for a connection; the last one that ended is on top
	none  chan struct{} // filled whenever the last one ends
}

// maxSpare is how many goroutines are kept for connections to come: those have grown their stacks and buffers.
const maxSpare = 256

func newExpress(entry *entrance, listener net.Listener) *express {
	return &express{
		entry:    entry,
		listener: listener,
		other:    &handover{listener: listener, conns: make(chan net.Conn), closed: make(chan struct{})},
		open:     map[*client]bool{},
		none:     make(chan struct{}, 1),
	}
}

// Pauses after a failure to accept, for instance for want of file descriptors, as net/http makes them.
const (
	firstAcceptPause   = 5 * time.Millisecond
	longestAcceptPause = time.Second
)

// serve accepts connections until the listener is closed.
func (x *express) serve() error {
	pause := firstAcceptPause
	for {
		conn, err := x.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		var passing interface{ Temporary() bool }
		if errors.As(err, &passing) && passing.Temporary() {
			select {
			case <-x.entry.edge.closing:
				return nil
			case <-time.After(pause):
			}
			pause = min(2*pause, longestAcceptPause)
			continue
		}
		if err != nil {
			return fmt.Errorf("accepting connections: %w", err)
		}
		pause = firstAcceptPause
		x.welcome(conn)
	}
}

// welcome has a client serve a connection.
func (x *express) welcome(conn net.Conn) {
	x.mu.Lock()
	var c *client
	if n := len(x.spare); n > 0 {
		c, x.spare = x.spare[n-1], x.spare[:n-1]
	} else {
		c = newClient(x)
		go c.run()
	}
	c.begin(conn)
	x.open[c] = true
	x.mu.Unlock()
	c.calls <- conn
}

// leave forgets a client, whose connection has ended or is net/http's. It says whether the client waits for another one.
func (x *express) leave(c *client) (stays bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.open, c)
	if len(x.open) == 0 {
		select {
		case x.none <- struct{}{}:
		default:
		}
	}
	if stays = len(x.spare) < maxSpare && !x.entry.edge.stopping.Load(); stays {
		x.spare = append(x.spare, c)
	}
	return stays
}

// dismiss ends the goroutines that wait for a connection.
func (x *express) dismiss() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range x.spare {
		close(c.calls)
	}
	x.spare = nil
}

// freshLimit is how long a stop waits for the first byte of a connection, as net/http does: its client may be about to send.
const freshLimit = 5 * time.Second

// drain stops accepting, closes what is at rest, and waits until all others have their answer or the context ends; then it
// closes those too.
func (x *express) drain(ctx context.Context) {
	_ = x.listener.Close()
	defer x.dismiss()
	fresh := time.NewTimer(freshLimit)
	defer fresh.Stop()
	x.hush(resting)
	for {
		x.mu.Lock()
		n := len(x.open)
		x.mu.Unlock()
		if n == 0 {
			return
		}
		select {
		case <-x.none:
		case <-fresh.C:
			x.hush(unheard)
		case <-ctx.Done():
			x.cut()
			return
		}
	}
}

// hush closes the connections that are in a state in which no request is on its way.
func (x *express) hush(state int32) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for c := range x.open {
		if c.state.CompareAndSwap(state, ended) {
			_ = c.conn.Close()
		}
	}
}

// cut closes all connections.
func (x *express) cut() {
	x.mu.Lock()
	defer x.mu.Unlock()
	for c := range x.open {
		if state := c.state.Load(); state != handed && c.state.CompareAndSwap(state, ended) {
			_ = c.conn.Close()
		}
	}
}

// The states of a client.
const (
	unheard int32 = iota // nothing has come yet
	resting              // between two requests
	busy
	ended  // closed by a stop
	handed // net/http's
)

// handover is the listener through which net/http gets connections.
type handover struct {
	listener net.Listener
	conns    chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

// Accept implements net.Listener.
func (h *handover) Accept() (net.Conn, error) {
	select {
	case conn := <-h.conns:
		return conn, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (h *handover) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

// Addr implements net.Listener.
func (h *handover) Addr() net.Addr { return h.listener.Addr() }

// give hands a connection over, with the bytes that were read of it.
func (h *handover) give(conn net.Conn, read []byte) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		// The fast path has limits that end every silence; upgraded connections have none. An error means that the connection
		// is closed.
		_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true})
	}
	select {
	case h.conns <- &replayed{Conn: conn, read: read}:
	case <-h.closed:
		_ = conn.Close()
	}
}

// replayed is a connection of which some bytes were read already.
type replayed struct {
	net.Conn
	read []byte
	all  atomic.Bool // read is empty
}

// Read gives what was read before, then what comes.
func (c *replayed) Read(b []byte) (int, error) {
	if c.all.Load() {
		return c.Conn.Read(b)
	}
	n := copy(b, c.read)
	if c.read = c.read[n:]; len(c.read) == 0 {
		c.read = nil
		c.all.Store(true)
	}
	return n, nil
}

// CloseWrite lets net/http end an answer before it closes the connection.
func (c *replayed) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
