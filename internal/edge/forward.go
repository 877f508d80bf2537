// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/balance"
	"github.com/vela-rollouts/vela/internal/edge/wire"
)

// Limits on what a backend says before its answer.
const (
	longestAnswerHead = 1 << 20 // as far as the buffer grows
	maxInterim        = 16      // answers of 1xx before the one that counts
)

// joinUpTo is the largest body that is copied behind its head, to be sent with it at once.
const joinUpTo = 16 << 10

// errLongHead says that a backend's head does not end.
var errLongHead = errors.New("the head of the answer is too long")

// exchange serves the request that was received. It says whether the connection goes on.
func (c *client) exchange() bool {
	c.reset()
	c.started = time.Now() //nolint:forbidigo // the data path measures real time
	if !c.acquire() || !c.leads() {
		c.release()
		return c.handOver()
	}
	method := string(c.request.Method)
	c.repeatable = c.request.Length == 0 && (method == http.MethodGet || method == http.MethodHead || method == http.MethodOptions)
	c.write()
	failure := c.send()
	if failure == nil {
		failure = c.pass()
	}
	c.watch.stop(c)
	if c.line != nil { // its answer was not read to the end
		_ = c.line.Close()
		c.line = nil
	}
	switch {
	case failure == nil:
		return c.end()
	case errors.Is(failure, errCounted):
		return false
	case errors.Is(failure, errNotPlain):
		c.absorb()
		return c.handOver()
	case c.status == 0:
		return c.refuse(failure)
	}
	counted := http.StatusBadGateway // the answer breaks off
	if c.watch.gone() {
		counted, c.status = statusClientGone, statusClientGone
	}
	c.finish(counted)
	return false
}

// errNotPlain says that the table has changed, and the request is not for the fast path any more.
var errNotPlain = errors.New("the route is not plain any more")

// errClientGone says that the client does not take the answer.
var errClientGone = errors.New("the client is gone")

// refuse answers for a backend that did not.
func (c *client) refuse(failure error) bool {
	c.failed = true
	status, line := statusOf(c.watch.gone(), failure)
	c.status = status
	if status == statusClientGone {
		c.finish(status)
		return false
	}
	b := appendStatus(c.out[:0], status)
	b = append(b, "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"...)
	b = c.appendDate(b)
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, int64(len(line)+1), 10)
	b = append(b, '\r', '\n')
	b = c.appendEnd(b)
	if string(c.request.Method) != http.MethodHead {
		b = append(append(b, line...), '\n')
	}
	c.bytes = int64(len(line) + 1)
	c.out = b
	c.finish(status)
	if _, err := c.conn.Write(b); err != nil {
		return false
	}
	return c.end()
}

// end steps behind the request. It says whether there may be another one on the connection.
func (c *client) end() bool {
	c.from += c.head + int(c.request.Length)
	c.absorb()
	return !c.closes()
}

// absorb takes the byte that the watch has read.
func (c *client) absorb() {
	if !c.watch.got {
		return
	}
	c.watch.got = false
	c.room(1)
	c.in[c.to] = c.watch.one[0]
	c.to++
}

// closes says whether the connection ends after this answer.
func (c *client) closes() bool { return c.request.Close || c.edge.stopping.Load() }

// finish counts the request and lets go of what it holds.
func (c *client) finish(counted int) {
	c.count(counted, time.Since(c.started)) //nolint:forbidigo // the data path measures real time
	if c.edge.access != nil {
		c.edge.access.write(&c.claim, &visit{
			started: c.started, remote: c.remote, host: c.headText, method: string(c.request.Method), path: c.path, status: c.status, bytes: c.bytes,
		})
	}
	c.release()
}

// write puts the request together as it goes to the backend: the client's, with the headers that ingress-nginx adds, as
// rewrite and http.Transport have them.
func (c *client) write() {
	r := &c.request
	b := append(append(append(c.out[:0], r.Method...), ' '), r.Target...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(append(b, r.Host...), '\r', '\n')
	identified, pragma, cached := false, false, false
	for i := range r.Fields {
		f := &r.Fields[i]
		switch f.Known {
		case wire.Host, wire.Connection, wire.ContentLength, wire.HopByHop, wire.Forwarding,
			wire.TransferEncoding, wire.Trailer, wire.Upgrade, wire.Expect, wire.TE:
			continue
		case wire.RequestID:
			identified = true
		case wire.Pragma:
			pragma = pragma || string(f.Value) == "no-cache"
		case wire.CacheControl:
			cached = true
		case wire.Plain, wire.ContentType, wire.UserAgent, wire.Date:
		}
		b = f.Append(b)
	}
	if pragma && !cached {
		b = append(b, "Cache-Control: no-cache\r\n"...) // as net/http has it, for backends that do not know Pragma
	}
	entry := c.express.entry
	b = appendHeader(b, "X-Real-Ip: ", c.remote)
	b = appendHeader(b, "X-Forwarded-For: ", c.remote)
	b = appendHeader(b, "X-Forwarded-Host: ", c.headText)
	b = appendHeader(b, "X-Forwarded-Port: ", entry.port)
	b = appendHeader(b, "X-Forwarded-Proto: ", entry.scheme)
	b = appendHeader(b, "X-Forwarded-Scheme: ", entry.scheme)
	b = appendHeader(b, "X-Scheme: ", entry.scheme)
	if !identified {
		b = append(appendRequestID(append(b, "X-Request-Id: "...)), '\r', '\n')
	}
	if r.Length > 0 || string(r.Method) == http.MethodPost || string(r.Method) == http.MethodPut || string(r.Method) == http.MethodPatch {
		b = strconv.AppendInt(append(b, "Content-Length: "...), r.Length, 10)
		b = append(b, '\r', '\n')
	}
	b = append(b, '\r', '\n')
	if r.Length <= joinUpTo {
		b = append(b, c.body()...)
	}
	c.out = b
}

func appendHeader(b []byte, name, value string) []byte {
	return append(append(append(b, name...), value...), '\r', '\n')
}

// body is the request's.
func (c *client) body() []byte {
	at := c.from + c.head
	return c.in[at : at+int(c.request.Length)]
}

// send sends the request to an endpoint, and to another one where that is safe, until the head of an answer is there. The
// rules are those of RoundTrip.
func (c *client) send() error {
	failure := errNoEndpoint
	for c.attempts < maxAttempts {
		end := c.pick()
		if end == nil {
			if c.held == nil {
				return errNotPlain
			}
			return failure
		}
		if failure = c.attempt(end); failure == nil {
			return nil
		}
		c.watch.stop(c)
		var refused connectError
		connecting := errors.As(failure, &refused)
		if connecting && !c.watch.gone() {
			c.edge.prober.Fail(end)
		}
		if !c.missed() || c.watch.gone() || !connecting && (isTimeout(failure) || !c.repeatable) {
			return failure
		}
		c.let()
	}
	return failure
}

// attempt sends the request to one endpoint and reads the head of its answer. A connection that was at rest can turn out to
// be closed: then the request goes out on another one, if it can be repeated or nothing of it was sent.
func (c *client) attempt(end *balance.Endpoint) error {
	u := upstreamOf(end)
	for {
		c.line = u.lane.take(c.started)
		rested := c.line != nil
		if !rested {
			if err := c.dial(u, end.Address); err != nil {
				return err
			}
		}
		begun, err := c.ask(u)
		if err == nil {
			return nil
		}
		c.watch.stop(c)
		_ = c.line.Close()
		c.line = nil
		if !rested || begun == answerBegun || begun == requestBegun && !c.repeatable || isTimeout(err) || c.watch.gone() {
			return err
		}
	}
}

// dial makes a connection. A client that goes away meanwhile ends that.
func (c *client) dial(u *upstream, address string) (err error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c.watch.start(c, cancel)
	c.line, err = u.lane.dial(ctx, address)
	c.watch.stop(c)
	return err
}

// progress is how far a request got on a connection.
type progress int

const (
	nothingBegun progress = iota
	requestBegun
	answerBegun
)

// ask sends the request on the line and reads the head of the answer, at the begin of back.
func (c *client) ask(u *upstream) (progress, error) {
	if c.request.Length > 0 {
		// A backend that answers without having read a body may never read it.
		_ = c.line.SetWriteDeadline(c.started.Add(u.patience))
	}
	n, err := c.line.Write(c.out)
	if err == nil && c.request.Length > joinUpTo {
		_, err = c.line.Write(c.body())
	}
	if c.request.Length > 0 {
		_ = c.line.SetWriteDeadline(time.Time{})
	}
	if n == 0 {
		return nothingBegun, err
	}
	// A backend can answer and close before it has read all: what it says is worth more than that it did not listen.
	reached, failure := c.hear(u)
	if failure != nil && err != nil && !isTimeout(failure) {
		failure = err
	}
	return reached, failure
}

// heard is how much of back is filled, and how much of that is the answer's head.
type heard struct{ head, to int }

// hear reads until the head of the answer is there, and passes on what a backend says before it.
func (c *client) hear(u *upstream) (progress, error) {
	reached := requestBegun
	c.heard = heard{}
	interim := 0
	for {
		n, err := c.listen(u, c.back[c.heard.to:])
		c.heard.to += n
		if n > 0 {
			reached = answerBegun
		}
		for c.heard.to > 0 {
			head, malformed := c.answer.Read(c.back[:c.heard.to])
			if malformed != nil {
				return answerBegun, malformed
			}
			if head == 0 {
				break
			}
			if c.answer.Status >= 200 {
				c.heard.head = head
				return answerBegun, nil
			}
			if interim++; c.answer.Status == http.StatusSwitchingProtocols || interim > maxInterim {
				return answerBegun, wire.ErrMalformed
			}
			if err := c.tell(); err != nil {
				return answerBegun, err
			}
			c.heard.to = copy(c.back, c.back[head:c.heard.to])
		}
		if err != nil {
			return reached, noEOF(err)
		}
		if c.heard.to == len(c.back) {
			if len(c.back) >= longestAnswerHead {
				return answerBegun, errLongHead
			}
			c.back = append(c.back, make([]byte, len(c.back))...)
		}
	}
}

// noEOF keeps an end that comes too early from being taken for a good one.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// tell passes an interim answer on.
func (c *client) tell() error {
	b := appendStatus(nil, c.answer.Status)
	b = append(c.appendFields(b), '\r', '\n')
	return c.flush(b)
}

// promptly is how long a backend may be silent before somebody looks whether the client is still there. Most requests are
// answered before that. It may be four times longer, which saves setting a timer for each request of a busy connection.
const promptly = 200 * time.Millisecond

// listen reads from the backend. When nothing comes for a while it has the client watched; when nothing comes for longer
// than the backend may be silent, it gives up.
func (c *client) listen(u *upstream, b []byte) (int, error) {
	now := time.Now() //nolint:forbidigo // a deadline is real time
	if c.watch.running {
		c.line.wait(now, u.patience, u.patience/64)
		return c.line.Read(b)
	}
	c.line.wait(now, min(promptly, u.patience/4), min(4*promptly, u.patience/2))
	n, err := c.line.Read(b)
	if n > 0 || !isTimeout(err) {
		return n, err
	}
	line := c.line
	c.watch.start(c, func() { _ = line.Close() })
	c.line.until = now.Add(u.patience)
	_ = c.line.SetReadDeadline(c.line.until)
	return c.line.Read(b)
}
