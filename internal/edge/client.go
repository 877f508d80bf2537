// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"bytes"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/table"
	"github.com/vela-rollouts/vela/internal/edge/wire"
)

// Sizes of the fast path. A longer head, or a longer body of a request, goes through net/http.
const (
	firstBuffer = 4 << 10
	longestHead = 16 << 10
)

// client is a connection on the fast path, and the request that is on its way there. It is used again for later ones: a
// request costs no allocation here, apart from its texts.
type client struct {
	claim
	express *express
	calls   chan net.Conn // connections to serve; closed when there are none any more
	conn    net.Conn
	state   atomic.Int32
	remote  string
	until   time.Time // the read deadline

	in         []byte // what came; in[from:to] was not used yet
	from, to   int
	request    wire.Request
	head       int // length of the request's head, at in[from:]
	host, path string
	headText   string // of the Host field, as it came
	repeatable bool
	started    time.Time

	out    []byte // the request as it goes on, then the answer's head
	back   []byte // what comes back
	heard  heard
	line   *line
	answer wire.Answer
	watch  watch
	status int // of the answer that has begun
	bytes  int64
}

func newClient(x *express) *client {
	c := &client{express: x, calls: make(chan net.Conn, 1), in: make([]byte, firstBuffer), out: make([]byte, 0, firstBuffer), back: make([]byte, firstBuffer)}
	c.watch.done = make(chan struct{}, 1)
	c.reset()
	return c
}

// reset makes the claim ready for the next request.
func (c *client) reset() {
	c.claim = claim{edge: c.express.entry.edge, asked: c, takes: c.takes, way: c.way}
	if c.takes == nil {
		c.takes = c.suits
	}
	c.status, c.bytes = 0, 0
	c.watch.left.Store(false)
}

// begin takes a new connection.
func (c *client) begin(conn net.Conn) {
	c.conn, c.remote, c.until = conn, hostOf(conn.RemoteAddr().String()), time.Time{}
	c.way.key, c.way.own = c.express.entry.at(conn.LocalAddr())
	c.from, c.to = 0, 0
	c.state.Store(unheard)
}

// run serves one connection after the other.
func (c *client) run() {
	for range c.calls {
		c.serve()
		if !c.express.leave(c) {
			return
		}
	}
}

// serve serves one request after the other. A panic ends the connection, as with net/http.
func (c *client) serve() {
	defer c.hangUp()
	now := time.Now() //nolint:forbidigo // the data path measures real time
	for c.receive(now) {
		if !c.exchange() {
			return
		}
		now = time.Now() //nolint:forbidigo // the data path measures real time
	}
}

// hangUp closes the connection, unless it is net/http's now, and gives back what has grown.
func (c *client) hangUp() {
	if r := recover(); r != nil {
		c.edge.log.Error("serving a request panicked", "panic", r, "stack", string(debug.Stack()))
		c.watch.stop(c)
		c.release()
		if c.line != nil {
			_ = c.line.Close()
			c.line = nil
		}
	}
	if c.state.Load() != handed {
		_ = c.conn.Close()
	}
	if cap(c.in) > longestHead {
		c.in = make([]byte, firstBuffer)
	}
	if cap(c.out) > longestHead {
		c.out = make([]byte, 0, firstBuffer)
	}
	if cap(c.back) > longestHead {
		c.back = make([]byte, firstBuffer)
	}
}

// receive waits for the next request, until all of it is there. It says false when the connection has ended or was handed
// over.
func (c *client) receive(now time.Time) bool {
	var begun time.Time // of the head
	if c.state.Load() == unheard {
		begun = now
	}
	for {
		if c.to > c.from {
			n, verdict := c.request.Read(c.in[c.from:c.to])
			switch verdict {
			case wire.Simple:
				c.head = n
				return c.accept()
			case wire.Other:
				return c.handOver()
			case wire.Incomplete:
			}
			if begun.IsZero() {
				begun = time.Now() //nolint:forbidigo // the data path measures real time
			}
			if c.to-c.from >= longestHead {
				return c.handOver()
			}
		}
		if !c.more(now, begun) {
			return false
		}
	}
}

// more reads what comes next of a head that began at a time, or has not begun (zero) and is waited for from now on. It says
// false when the connection has ended.
func (c *client) more(now, begun time.Time) bool {
	state := c.state.Load()
	switch {
	case !begun.IsZero():
		c.limit(begun, readHeaderTimeout, 0)
	case state == busy:
		if len(c.in) > longestHead && c.from == c.to {
			c.in = make([]byte, firstBuffer)
		}
		c.limit(now, clientIdle, time.Second)
		state = resting
		c.state.Store(resting)
		if c.edge.stopping.Load() { // a stop has either seen the state or is seen here
			return false
		}
	}
	c.room(1)
	n, err := c.conn.Read(c.in[c.to:])
	if state != busy && n > 0 && !c.state.CompareAndSwap(state, busy) {
		return false // a stop has closed it
	}
	c.to += n
	return n > 0 || err == nil
}

// limit sets the deadline for reading. It may come later by the slack, which saves setting it for each request.
func (c *client) limit(now time.Time, after, slack time.Duration) {
	if left := c.until.Sub(now); left >= after && left <= after+slack {
		return
	}
	c.until = now.Add(after + slack)
	// An error means that the connection is closed, which the read itself reports.
	_ = c.conn.SetReadDeadline(c.until)
}

// unlimit takes the deadline for reading away.
func (c *client) unlimit() {
	if !c.until.IsZero() {
		c.until = time.Time{}
		_ = c.conn.SetReadDeadline(c.until)
	}
}

// room makes place for at least n more bytes.
func (c *client) room(n int) {
	if c.from == c.to {
		c.from, c.to = 0, 0
	}
	if len(c.in)-c.to >= n {
		return
	}
	in := c.in
	if c.to-c.from+n > len(in) {
		in = make([]byte, max(2*len(in), c.to-c.from+n))
	}
	copy(in, c.in[c.from:c.to])
	c.in, c.from, c.to = in, 0, c.to-c.from
}

// accept looks at a plain request and reads its body. It says false when the connection has ended or was handed over.
func (c *client) accept() bool {
	r := &c.request
	if r.Length > holdUpTo {
		return c.handOver()
	}
	if string(r.Host) != c.headText {
		c.headText = string(r.Host)
		c.host = table.Host(c.headText)
	}
	path := r.Target
	if query := bytes.IndexByte(path, '?'); query >= 0 {
		path = path[:query]
	}
	c.path = string(path)
	if strings.IndexByte(c.path, '%') >= 0 {
		var err error
		if c.path, err = url.PathUnescape(c.path); err != nil {
			return c.handOver()
		}
	}
	missing := c.head + int(r.Length) - (c.to - c.from)
	if missing <= 0 {
		return true
	}
	s := c.edge.snapshot.Load()
	if i := c.find(s); i < 0 || !c.suits(&s.routes[i]) {
		return c.handOver() // net/http answers before the body has come
	}
	c.room(missing)
	c.unlimit() // as with net/http, whose server has no limit on bodies either
	for missing > 0 {
		n, err := c.conn.Read(c.in[c.to:])
		c.to += n
		if missing -= n; missing > 0 && err != nil {
			return c.handOver() // net/http has the words for a body that ends early
		}
	}
	c.request.Read(c.in[c.from:c.to]) // its pieces have moved
	return true
}

// suits says whether the fast path serves the request that is here on a route.
func (c *client) suits(r *route) bool {
	return r.plain && (r.BodyLimit == 0 || c.request.Length <= r.BodyLimit)
}

// handOver gives the connection to net/http, as if nothing had been read. It always says false: here it has ended.
func (c *client) handOver() bool {
	c.unlimit()
	if c.state.Swap(handed) == ended { // a stop has closed it
		return false
	}
	c.edge.handedOver.Add(1)
	c.express.other.give(c.conn, bytes.Clone(c.in[c.from:c.to]))
	return false
}

// Host implements table.Request.
func (c *client) Host() string { return c.host }

// Path implements table.Request.
func (c *client) Path() string { return c.path }

// Method implements table.Request.
func (c *client) Method() string { return string(c.request.Method) }

// Query implements table.Request.
func (c *client) Query() string {
	_, query, _ := bytes.Cut(c.request.Target, []byte("?"))
	return string(query)
}

// Header implements table.Request.
func (c *client) Header(name string) string { return string(c.request.Get(name)) }

// Values implements table.Request.
func (c *client) Values(name string) []string {
	var all []string
	for i := range c.request.Fields {
		if f := &c.request.Fields[i]; wire.Equal(f.Name, name) {
			all = append(all, string(f.Value))
		}
	}
	return all
}

// Cookie implements table.Request, with net/http's reading of cookies.
func (c *client) Cookie(name string) string {
	req := http.Request{Header: http.Header{"Cookie": c.Values("Cookie")}}
	cookie, err := req.Cookie(name)
	if err != nil {
		return ""
	}
	return cookie.Value
}
