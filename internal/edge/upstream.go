// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/balance"
	"github.com/vela-rollouts/vela/internal/edge/table"
)

// upstream is what the data path keeps with an endpoint: a transport and a lane of its own, so that the idle connections of
// one endpoint can be closed when it goes away, and so that endpoints do not share a lock.
type upstream struct {
	scheme    string
	http2     bool
	transport *http.Transport
	lane      lane
	patience  time.Duration
	unlist    context.CancelFunc // ends what waits for a connection, when the endpoint is gone
}

func upstreamOf(e *balance.Endpoint) *upstream { return e.Handle.(*upstream) }

// rest closes the connections that are at rest.
func (u *upstream) rest() {
	u.transport.CloseIdleConnections()
	u.lane.empty()
}

// connectError marks a failure before anything was sent.
type connectError struct{ error }

func (e connectError) Unwrap() error { return e.error }

func newUpstream(how table.Transport) *upstream {
	dialer := &net.Dialer{Timeout: how.Connect, KeepAlive: 30 * time.Second}
	// A connection must leave the pool before its own silence limit strikes, or a request could meet the limit's end.
	idle := min(upstreamIdle, how.Read*3/4)
	protocols := new(http.Protocols)
	listed, unlist := context.WithCancel(context.Background())
	connect := func(ctx context.Context, address string) (net.Conn, error) {
		// A pod that is gone answers nothing, not even a refusal: who waits for it goes to another one at once.
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(listed, cancel)()
		return dialer.DialContext(ctx, "tcp", address)
	}
	u := &upstream{scheme: "http", unlist: unlist, patience: how.Read, lane: lane{connect: connect, limit: idle}, transport: &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			conn, err := connect(ctx, address)
			if err != nil {
				return nil, connectError{err}
			}
			return &patientConn{Conn: conn, patience: how.Read}, nil
		},
		MaxIdleConns:        maxIdleConns,
		MaxIdleConnsPerHost: maxIdleConns,
		IdleConnTimeout:     idle,
		TLSHandshakeTimeout: how.Connect,
		DisableCompression:  true,
		Protocols:           protocols,
		HTTP2:               &http.HTTP2Config{MaxReadFrameSize: 64 << 10},
		ReadBufferSize:      8 << 10,
		WriteBufferSize:     8 << 10,
	}}
	switch how.Protocol {
	case table.GRPC:
		protocols.SetUnencryptedHTTP2(true)
	case table.GRPCS:
		protocols.SetHTTP2(true)
	case table.HTTP, table.HTTPS:
		protocols.SetHTTP1(true)
	}
	u.http2 = how.Protocol == table.GRPC || how.Protocol == table.GRPCS
	if how.Protocol == table.HTTPS || how.Protocol == table.GRPCS {
		u.scheme = "https"
		// As in ingress-nginx (proxy-ssl-verify is off): pods have certificates that nothing here could verify by IP.
		u.transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // see above
	}
	return u
}

// patientConn ends a connection on which a backend is silent for longer than its patience: between two reads, or between
// the end of a write and the read that answers it. This is nginx's proxy_read_timeout; it holds for upgraded connections.
type patientConn struct {
	net.Conn
	patience time.Duration
	armed    atomic.Int64 // when the deadline was last set, in nanoseconds since the epoch
}

func (c *patientConn) Read(b []byte) (int, error) {
	c.arm()
	return c.Conn.Read(b)
}

func (c *patientConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.arm()
	return n, err
}

// arm sets the deadline anew, but not more often than its precision of 1/64 needs.
func (c *patientConn) arm() {
	now := time.Now() //nolint:forbidigo // a deadline is real time
	if last := c.armed.Load(); now.UnixNano()-last < int64(c.patience/64) {
		return
	}
	c.armed.Store(now.UnixNano())
	// An error means that the connection is closed, which the read or write itself reports.
	_ = c.SetReadDeadline(now.Add(c.patience + c.patience/64))
}
