// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apiserver

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
)

// listeners is several listeners as one: the API server takes a single one,
// and ours shall be reachable on loopback and from pods, but nowhere else.
type listeners struct {
	all   []net.Listener
	conns chan net.Conn
	quit  chan struct{}
	once  sync.Once
	err   error

	mu   sync.Mutex
	open map[*conn]bool
}

// conn tells its listener when it is closed.
type conn struct {
	net.Conn
	of *listeners
}

// Close closes the connection; the listener forgets it.
func (c *conn) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// Listen opens a TCP port on each of the addresses. The first is the one the
// result names as its own.
func Listen(port int, addresses ...string) (net.Listener, error) {
	l := &listeners{conns: make(chan net.Conn), quit: make(chan struct{}), open: map[*conn]bool{}}
	for _, address := range addresses {
		one, err := net.Listen("tcp4", net.JoinHostPort(address, strconv.Itoa(port)))
		if err != nil {
			return nil, errors.Join(fmt.Errorf("port %d of %s: %w", port, address, err), l.Close())
		}
		// Port 0 is decided by the first.
		port = one.Addr().(*net.TCPAddr).Port
		l.all = append(l.all, one)
	}
	for _, one := range l.all {
		go l.accept(one)
	}
	return l, nil
}

func (l *listeners) accept(one net.Listener) {
	for {
		accepted, err := one.Accept()
		if err != nil {
			l.once.Do(func() { l.err = err; close(l.quit) })
			return
		}
		select {
		case l.conns <- accepted:
		case <-l.quit:
			_ = accepted.Close()
			return
		}
	}
}

// Accept gives the next connection to any of the addresses.
func (l *listeners) Accept() (net.Conn, error) {
	select {
	case accepted := <-l.conns:
		c := &conn{Conn: accepted, of: l}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.open[c] = true
		return c, nil
	case <-l.quit:
		return nil, l.err
	}
}

// Close closes all of them.
func (l *listeners) Close() error {
	l.once.Do(func() { l.err = net.ErrClosed; close(l.quit) })
	var errs []error
	for _, one := range l.all {
		if err := one.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// hangUp closes every connection that is still open.
func (l *listeners) hangUp() {
	l.mu.Lock()
	var all []*conn
	for c := range l.open {
		all = append(all, c)
	}
	l.mu.Unlock()
	for _, c := range all {
		_ = c.Close() // the caller wants it gone, not to hear about it
	}
}

// Addr is the first address.
func (l *listeners) Addr() net.Addr { return l.all[0].Addr() }
