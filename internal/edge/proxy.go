// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/table"
)

// entrance is one listener of the edge: what comes in there is plain or encrypted, on one port.
type entrance struct {
	edge   *Edge
	scheme string
	port   string
	key    table.DoorKey // as Gateways see it
	own    bool          // one of the edge's own listeners, where Ingresses are served
}

// ServeHTTP serves one request from the table of this moment.
func (en *entrance) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	e := en.edge
	x := e.exchanges.Get().(*exchange)
	x.entry, x.request, x.started = en, req, time.Now() //nolint:forbidigo // the data path measures real time
	x.host = table.Host(req.Host)
	x.recorder = recorder{ResponseWriter: w}
	local, _ := req.Context().Value(http.LocalAddrContextKey).(net.Addr)
	x.way.key, x.way.own = en.at(local)
	if req.TLS != nil {
		x.way.server = req.TLS.ServerName
	}
	finished := false
	defer func() {
		x.finish(finished)
		e.recycle(x)
		// http.ErrAbortHandler is how an answer is broken off that the backend broke off. net/http says nothing of it, and
		// what it would say of any other panic goes to a log that is switched off.
		if r := recover(); r != nil {
			if err, ok := r.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
				e.log.Error("serving a request panicked", "panic", r, "stack", string(debug.Stack()))
			}
			panic(http.ErrAbortHandler)
		}
	}()
	x.serve()
	finished = true
}

func (x *exchange) serve() {
	req := x.request
	if req.Method == http.MethodConnect {
		x.answer(http.StatusMethodNotAllowed, "this gateway is not a forward proxy")
		return
	}
	if req.ProtoMajor == 1 && len(req.TransferEncoding) > 0 {
		// net/http hides whether the request had a Content-Length besides its chunks. RFC 9112 section 6.1 has such a
		// connection closed after the answer, so that what a front proxy took for a body is never read as a request.
		x.recorder.Header().Set("Connection", "close")
	}
	if strings.Contains(strings.ToLower(req.Header.Get("Upgrade")), "h2c") {
		// An upgrade to HTTP/2 would open a tunnel in which later requests reach the backend past the routes. A server may
		// ignore an upgrade (RFC 9110 section 7.8).
		req.Header.Del("Upgrade")
		req.Header.Del("Http2-Settings")
	}
	if !x.acquire() {
		if x.astray {
			x.answer(http.StatusMisdirectedRequest, "this connection was made for another host")
			return
		}
		x.answer(http.StatusNotFound, "no route for this host and path")
		return
	}
	if t := x.route.Treatment; t != nil && x.treated(t) {
		return
	}
	if !x.leads() {
		x.refuse(http.StatusInternalServerError, "the backend of this route cannot be used")
		return
	}
	if x.route.Redirect && x.entry.scheme == "http" && x.edge.config.HTTPSAddr != "" {
		x.release()
		http.Redirect(&x.recorder, req, "https://"+x.host+req.URL.RequestURI(), http.StatusPermanentRedirect)
		return
	}
	if limit := x.route.BodyLimit; limit > 0 && req.ContentLength != 0 {
		if req.ContentLength > limit {
			x.answer(http.StatusRequestEntityTooLarge, "the request body is larger than this route accepts")
			return
		}
		req.Body = http.MaxBytesReader(x.recorder.ResponseWriter, req.Body, limit)
	}
	if t := x.route.Treatment; t != nil && t.Timeout > 0 {
		var cancel context.CancelCauseFunc
		req, x.timer, cancel = limited(req, t.Timeout)
		defer cancel(nil)
		defer x.timer.Stop()
	}
	x.proxy.ServeHTTP(&x.recorder, req)
}

// refuse is answer in the words of the request's protocol.
func (x *exchange) refuse(status int, line string) {
	if isGRPC(x.request) {
		x.answerGRPC(status, line)
		return
	}
	x.answer(status, line)
}

// answer is what the edge says itself: one line of text.
func (x *exchange) answer(status int, line string) {
	h := x.recorder.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	x.recorder.WriteHeader(status)
	_, _ = io.WriteString(&x.recorder, line+"\n")
}

// finish counts the exchange and lets go of what it holds. Whole is false when the answer was broken off.
func (x *exchange) finish(whole bool) {
	status := x.recorder.status
	if x.held != nil {
		counted := status
		switch {
		case x.request.Context().Err() != nil && (status == 0 || !whole):
			counted, status = statusClientGone, statusClientGone
		case status == 0 || !whole:
			counted = http.StatusBadGateway
		}
		x.count(counted, time.Since(x.started)) //nolint:forbidigo // the data path measures real time
	}
	if x.tunnel != nil {
		_ = x.tunnel.Close()
	}
	if x.edge.access != nil {
		x.edge.access.write(&x.claim, &visit{
			started: x.started, remote: hostOf(x.request.RemoteAddr), host: x.request.Host, method: x.request.Method, path: x.request.URL.Path,
			status: status, bytes: x.recorder.bytes,
		})
	}
	x.release()
}

// rewrite makes the request that goes to the backend: the client's, with the headers that ingress-nginx adds. What a
// client says in these headers is not believed.
func (x *exchange) rewrite(pr *httputil.ProxyRequest) {
	in, out := pr.In, pr.Out
	out.URL.RawQuery = in.URL.RawQuery // as it came, also what Go cannot parse
	client := hostOf(in.RemoteAddr)
	// One array for all values: each header's slice is a piece of it.
	values := [...]string{client, in.Host, x.entry.port, x.entry.scheme}
	h := out.Header
	h["X-Real-Ip"], h["X-Forwarded-For"] = values[0:1:1], values[0:1:1]
	h["X-Forwarded-Host"] = values[1:2:2]
	h["X-Forwarded-Port"] = values[2:3:3]
	h["X-Forwarded-Proto"], h["X-Forwarded-Scheme"], h["X-Scheme"] = values[3:4:4], values[3:4:4], values[3:4:4]
	if h["X-Request-Id"] == nil {
		h["X-Request-Id"] = []string{requestID()}
	}
	if t := x.route.Treatment; t != nil {
		x.prepare(t, out)
	}
}

// hostOf gives an address without its port.
func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

// requestID gives 128 random bits as nginx prints its $request_id. It tells requests apart; it is no secret.
func requestID() string { return string(appendRequestID(make([]byte, 0, 32))) }

func appendRequestID(b []byte) []byte {
	var raw [16]byte
	binary.LittleEndian.PutUint64(raw[:8], rand.Uint64())
	binary.LittleEndian.PutUint64(raw[8:], rand.Uint64())
	return hex.AppendEncode(b, raw[:])
}

// answered sees the backend's answer before the client does. It is the ReverseProxy's ModifyResponse.
func (x *exchange) answered(resp *http.Response) error {
	x.tally()
	x.finishHeaders(resp.Header)
	if resp.StatusCode == http.StatusSwitchingProtocols {
		if x.timer != nil {
			x.timer.Stop() // what goes on from here is no request any more
		}
		x.open(resp)
	}
	return nil
}

// fail answers for a backend that did not.
func (x *exchange) fail(_ http.ResponseWriter, req *http.Request, err error) {
	if errors.Is(context.Cause(req.Context()), errTooLong) {
		err = errTooLong
	}
	x.failed = true
	if x.recorder.status != 0 {
		return // an upgrade that failed after its answer
	}
	status, line := statusOf(x.request.Context().Err() != nil, err)
	if status == statusClientGone {
		x.recorder.status = status
		return
	}
	x.refuse(status, line)
}

func isGRPC(req *http.Request) bool {
	return strings.HasPrefix(req.Header.Get("Content-Type"), "application/grpc")
}

// answerGRPC says it in gRPC's words: HTTP 200, and the status in a trailers-only answer, which gRPC clients can retry.
func (x *exchange) answerGRPC(status int, line string) {
	code := "14" // UNAVAILABLE
	if status == http.StatusGatewayTimeout {
		code = "4" // DEADLINE_EXCEEDED
	}
	if status == http.StatusRequestEntityTooLarge {
		code = "8" // RESOURCE_EXHAUSTED
	}
	h := x.recorder.Header()
	h.Set("Content-Type", "application/grpc")
	h.Set("Grpc-Status", code)
	h.Set("Grpc-Message", line)
	x.recorder.ResponseWriter.WriteHeader(http.StatusOK)
	x.recorder.status = status // counted and logged as what it means
}

// newExchange is called when none is left to be used again.
func (e *Edge) newExchange() any {
	x := &exchange{}
	x.claim = claim{edge: e, asked: x}
	x.proxy = httputil.ReverseProxy{
		Rewrite:        x.rewrite,
		Transport:      x,
		BufferPool:     e.buffers,
		ErrorHandler:   x.fail,
		ModifyResponse: x.answered,
		ErrorLog:       e.quiet,
	}
	return x
}

// recycle clears an exchange for the next request.
func (e *Edge) recycle(x *exchange) {
	*x = exchange{claim: claim{edge: e, asked: x}, proxy: x.proxy}
	e.exchanges.Put(x)
}

// buffers are the copy buffers of all exchanges.
type buffers struct{ pool sync.Pool }

func newBuffers() *buffers {
	b := &buffers{}
	b.pool.New = func() any { return new([copyBuffer]byte) }
	return b
}

// Get implements httputil.BufferPool.
func (b *buffers) Get() []byte { return b.pool.Get().(*[copyBuffer]byte)[:] }

// Put implements httputil.BufferPool.
func (b *buffers) Put(p []byte) { b.pool.Put((*[copyBuffer]byte)(p)) }

// discardLog silences net/http, whose lines about broken connections are in the access log and the counters already.
func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }
