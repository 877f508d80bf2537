// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"sync"

	"github.com/vela-rollouts/vela/internal/edge/table"
)

// doors are the ports that are open for listeners of Gateways, besides those that the edge has anyway.
type doors struct {
	mu     sync.Mutex
	open   map[table.DoorKey]*door
	ending sync.WaitGroup // servers of closed doors that finish what is in flight
	shut   bool
}

// door is one open port.
type door struct {
	listener net.Listener
	server   *http.Server
	tls      bool
	serving  bool
}

func newDoors() *doors { return &doors{open: map[table.DoorKey]*door{}} }

// open opens what a table asks for and is not open yet; nothing is accepted before serve. It gives, for what cannot be opened, why.
func (e *Edge) open(want []table.Door) map[table.DoorKey]string {
	failed := map[table.DoorKey]string{}
	d := e.doors
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, w := range want {
		own, err := e.covered(&w)
		has := d.open[w.DoorKey]
		switch {
		case err != nil:
			failed[w.DoorKey] = err.Error()
			continue
		case own, d.shut, has != nil && has.tls == w.TLS:
			continue
		case has != nil:
			e.closeDoor(w.DoorKey)
		}
		address := net.JoinHostPort(e.hostOf(w.DoorKey), strconv.Itoa(w.Port))
		listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address) // it resolves no name and waits for nothing
		if err != nil {
			failed[w.DoorKey] = err.Error()
			continue
		}
		en := &entrance{edge: e, scheme: "http", port: strconv.Itoa(w.Port), key: w.DoorKey}
		if w.TLS {
			en.scheme = "https"
		}
		d.open[w.DoorKey] = &door{listener: listener, server: e.server(en), tls: w.TLS}
		e.log.Info("opened a port for Gateways", "address", address, "tls", w.TLS)
	}
	return failed
}

// serve begins to accept where a door is new, and closes the doors that the table does not have. What is in flight there goes on.
func (e *Edge) serve(want []table.Door) {
	d := e.doors
	wanted := map[table.DoorKey]bool{}
	for _, w := range want {
		wanted[w.DoorKey] = true
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for key, door := range d.open {
		switch {
		case !wanted[key]:
			e.closeDoor(key)
		case !door.serving:
			door.serving = true
			go func() {
				if err := serving(serveOn(door.server, door.listener, door.tls)); err != nil {
					e.log.Error("serving a port for Gateways", "address", door.listener.Addr().String(), "error", err)
				}
			}()
		}
	}
}

func serveOn(s *http.Server, l net.Listener, encrypted bool) error {
	if encrypted {
		return s.ServeTLS(l, "", "")
	}
	return s.Serve(l)
}

// closeDoor frees the port at once and lets requests in flight finish. The caller holds doors.mu.
func (e *Edge) closeDoor(key table.DoorKey) {
	door := e.doors.open[key]
	delete(e.doors.open, key)
	_ = door.listener.Close()
	e.doors.ending.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), e.config.DrainTimeout)
		defer cancel()
		if err := door.server.Shutdown(ctx); err != nil {
			_ = door.server.Close()
		}
	})
}

// closeDoors closes them all and opens none any more. It returns when nothing is in flight, or after DrainTimeout.
func (e *Edge) closeDoors() {
	e.doors.mu.Lock()
	e.doors.shut = true
	for key := range e.doors.open {
		e.closeDoor(key)
	}
	e.doors.mu.Unlock()
	e.doors.ending.Wait()
}

// covered tells whether one of the edge's own listeners takes what comes for a door.
func (e *Edge) covered(w *table.Door) (bool, error) {
	for i, encrypted := range []bool{false, true} {
		l := e.listeners[i]
		if l == nil {
			continue
		}
		addr, ok := l.Addr().(*net.TCPAddr)
		if !ok {
			continue
		}
		mine := w.Address == "" && w.Port == e.gatewayPort(i) ||
			w.Address != "" && w.Port == addr.Port && (addr.IP.IsUnspecified() || addr.IP.String() == w.Address)
		switch {
		case mine && encrypted == w.TLS:
			return true, nil
		case mine:
			return false, fmt.Errorf("the edge has it open for %s already", map[bool]string{false: "HTTP", true: "HTTPS"}[encrypted])
		}
	}
	return false, nil
}

// gatewayPort is the port of Gateways' listeners that the edge's own listener for HTTP (0) or HTTPS (1) serves.
func (e *Edge) gatewayPort(i int) int {
	if port := [...]int{e.config.HTTPPort, e.config.HTTPSPort}[i]; port != 0 {
		return port
	}
	if l := e.listeners[i]; l != nil {
		if addr, ok := l.Addr().(*net.TCPAddr); ok {
			return addr.Port
		}
	}
	return 0
}

// hostOf gives the address to listen on for a door: its own, or the one that the edge's own ports are on.
func (e *Edge) hostOf(key table.DoorKey) string {
	if key.Address != "" {
		return key.Address
	}
	address := e.config.HTTPAddr
	if address == "" {
		address = e.config.HTTPSAddr
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	return host
}

// at gives the door that something came through by the address at which it arrived, and whether Ingresses are served there too:
// they are on the edge's own ports, but not at addresses that are given to Gateways.
func (en *entrance) at(local net.Addr) (table.DoorKey, bool) {
	pool := en.edge.config.GatewayPool
	if !en.own || !pool.IsValid() {
		return en.key, en.own
	}
	if tcp, ok := local.(*net.TCPAddr); ok {
		if ip, ok := netip.AddrFromSlice(tcp.IP); ok && pool.Contains(ip.Unmap()) {
			return table.DoorKey{Address: ip.Unmap().String(), Port: tcp.Port}, false
		}
	}
	return en.key, true
}

// certificate chooses by server name from the table of this moment, so that a renewed Secret counts from the next handshake on.
// A name that no Secret covers gets the edge's own certificate, which nobody trusts but which lets the handshake end with an answer.
func (en *entrance) certificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	router := en.edge.snapshot.Load().router
	key, own := en.at(hello.Conn.LocalAddr())
	if own {
		if pair := router.Certificate(hello.ServerName); pair != nil {
			return pair, nil
		}
	}
	pairs := router.Pairs(key, hello.ServerName)
	for _, pair := range pairs {
		if hello.SupportsCertificate(pair) == nil {
			return pair, nil
		}
	}
	if len(pairs) > 0 {
		return pairs[0], nil
	}
	return en.edge.own, nil
}
