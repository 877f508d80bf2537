// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// scripted is a backend that keeps what it receives to the byte, and answers with given bytes.
type scripted struct {
	address string
	notices bool // the other side ends a connection at rest when this side does; otherwise it looks before it uses it
	mu      sync.Mutex
	changed *sync.Cond
	usable  int // connections that the other side may still take for good
	seen    []string
	answer  string
	closes  bool // the connection, after each answer
}

func newScripted(tb testing.TB, notices bool) *scripted {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	s := &scripted{address: l.Addr().String(), notices: notices}
	s.changed = sync.NewCond(&s.mu)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.count(1)
			go s.serve(conn)
		}
	}()
	return s
}

func (s *scripted) count(more int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usable += more
	s.changed.Broadcast()
}

// closed waits until no connection is left on which a request could still be sent by mistake.
func (s *scripted) closed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.usable > 0 {
		s.changed.Wait()
	}
}

// end says that nothing more comes, and reads until the other side has closed too.
func (s *scripted) end(conn net.Conn) {
	_ = conn.(*net.TCPConn).CloseWrite()
	if !s.notices {
		s.count(-1)
	}
	_, _ = io.Copy(io.Discard, conn)
	if s.notices {
		s.count(-1)
	}
	_ = conn.Close()
}

// serve reads messages as a careful server does: the head, then a body by its length or its chunks.
func (s *scripted) serve(conn net.Conn) {
	defer s.end(conn)
	var received bytes.Buffer
	in := bufio.NewReader(io.TeeReader(conn, &received))
	for {
		req, err := http.ReadRequest(in)
		if err != nil {
			return
		}
		head := received.String()
		if end := strings.Index(head, "\r\n\r\n"); end >= 0 {
			head = head[:end]
		}
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		left, _ := in.Peek(in.Buffered())
		rest := bytes.Clone(left)
		received.Reset()
		received.Write(rest)
		s.mu.Lock()
		s.seen = append(s.seen, head+"\r\n\r\n"+string(body))
		answer, closes := s.answer, s.closes
		s.mu.Unlock()
		if _, err := io.WriteString(conn, answer); err != nil || closes {
			return
		}
	}
}

// script sets what is answered from now on, and forgets what was seen.
func (s *scripted) script(answer string, closes bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer, s.closes, s.seen = answer, closes, nil
}

func (s *scripted) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

const plainAnswer = "HTTP/1.1 200 OK\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\nContent-Length: 2\r\n\r\nok"

// twins is the same world twice: once with the fast path, once without.
type twins struct {
	worlds   [2]*world
	backends [2]*scripted
	wait     time.Duration // how long nothing must come for an exchange to be over
}

func newTwins(t *testing.T, annotations ...string) *twins {
	t.Helper()
	p := &twins{wait: patience}
	for i := range p.worlds {
		p.worlds[i] = newWorld(t, func(c *Config) { c.NoFastPath = i == 1 })
		p.backends[i] = newScripted(t, i == 1)
		p.worlds[i].service("stable", p.backends[i].address)
		p.worlds[i].ingress("web", "stable", annotations...)
		p.worlds[i].ready(map[string]int{"stable": 1})
	}
	return p
}

// exchange sends requests on one connection of the client, on both paths. It gives what the client got and what the backend received on
// each, in one form. Where the backend closes its connection after an answer, the next request waits for that: whether a request meets a
// connection that is just being closed is up to chance.
func (p *twins) exchange(answer string, closes bool, requests ...string) (answers, received [2][]string) {
	if !closes {
		requests = []string{strings.Join(requests, "")}
	}
	var group sync.WaitGroup
	for i, w := range p.worlds {
		group.Go(func() {
			b := p.backends[i]
			b.script(answer, closes)
			answers[i] = p.ask(w, requests, b.closed)
			if closes {
				b.closed()
			}
			for _, message := range p.backends[i].received() {
				received[i] = append(received[i], tidy(message, w))
			}
		})
	}
	group.Wait()
	return answers, received
}

// patiently is exchange where a connection may stay open, so that silence is taken for its end. A machine that is busy can be as silent:
// where the paths differ they are given more time, and once more, since a request that was late can turn up in the next exchange.
func (p *twins) patiently(answer, request string) (answers, received [2][]string) {
	for _, p.wait = range []time.Duration{150 * time.Millisecond, patience / 4, patience / 4} {
		answers, received = p.exchange(answer, false, request)
		if slices.Equal(answers[0], answers[1]) && slices.Equal(received[0], received[1]) {
			break
		}
	}
	return answers, received
}

// ask sends requests, each after the one answer to that before it, and gives every answer on its own, and how the connection ended.
func (p *twins) ask(w *world, requests []string, between func()) []string {
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		return []string{err.Error()}
	}
	defer conn.Close()
	method, _, _ := strings.Cut(requests[0], " ")
	c := &caller{world: w, conn: conn, in: bufio.NewReader(conn), method: method, wait: p.wait}
	var out []string
	for i, request := range requests {
		if i > 0 {
			between()
		}
		if _, err := io.WriteString(conn, request); err != nil {
			return append(out, "closed")
		}
		for more := true; more; {
			answer, final, err := c.answer()
			out = append(out, answer)
			if err != nil {
				return out
			}
			more = i == len(requests)-1 || !final
		}
	}
	return out
}

// caller reads the answers on one connection.
type caller struct {
	world  *world
	conn   net.Conn
	in     *bufio.Reader
	method string
	wait   time.Duration
}

// answer gives the next answer in one form, and whether it is more than a hint. After the last one it says how the connection ended.
func (c *caller) answer() (text string, final bool, err error) {
	// The first byte may take its time; after it an answer is there or is not.
	_ = c.conn.SetReadDeadline(time.Now().Add(c.wait))
	if _, err := c.in.Peek(1); isTimeout(err) {
		return "open", true, err
	} else if err != nil {
		return "closed", true, err
	}
	_ = c.conn.SetReadDeadline(time.Now().Add(patience))
	var raw bytes.Buffer
	resp, err := http.ReadResponse(bufio.NewReader(io.TeeReader(oneByte{c.in}, &raw)), &http.Request{Method: c.method})
	if err != nil {
		return fmt.Sprintf("unreadable: %q", raw.String()), true, err
	}
	head, _, _ := strings.Cut(raw.String(), "\r\n\r\n")
	if resp.StatusCode < 200 {
		return tidy(head+"\r\n\r\n", c.world), false, nil
	}
	body, err := io.ReadAll(resp.Body)
	text = tidy(head+"\r\n\r\n"+string(body), c.world)
	if len(resp.Trailer) > 0 {
		text += fmt.Sprintf(" trailers %v", resp.Trailer)
	}
	if err != nil && (resp.ContentLength >= 0 || len(resp.TransferEncoding) > 0) {
		text += " broken off"
	}
	return text, true, nil
}

// oneByte keeps a reader from taking more than it needs.
type oneByte struct{ in io.Reader }

func (o oneByte) Read(b []byte) (int, error) { return o.in.Read(b[:1]) }

var changing = regexp.MustCompile(`(?m)^(X-Request-Id: )[0-9a-f]{32}$|^(Date: )(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} 20[2-9]\d .*$`)

// tidy gives a message in a form that is the same whatever the order of its fields: those of one name keep theirs. What
// differs from one run to the other is masked.
func tidy(message string, w *world) string {
	head, body, _ := strings.Cut(message, "\r\n\r\n")
	lines := strings.Split(head, "\r\n")
	slices.SortStableFunc(lines[1:], func(a, b string) int {
		nameA, _, _ := strings.Cut(a, ":")
		nameB, _, _ := strings.Cut(b, ":")
		return strings.Compare(nameA, nameB)
	})
	text := changing.ReplaceAllString(strings.Join(lines, "\n"), "$1$2…")
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(w.url, "http://"))
	return strings.ReplaceAll(text, "X-Forwarded-Port: "+port, "X-Forwarded-Port: …") + "\n\n" + body
}

// handedOver counts the connections that the fast path has handed over.
func (w *world) handedOver() int64 { return w.edge.handedOver.Load() }

func firstLines(messages []string) []string {
	var out []string
	for _, m := range messages {
		line, _, _ := strings.Cut(m, "\n")
		out = append(out, line)
	}
	return out
}

// requestCase is a request and what it has to lead to on both paths.
type requestCase struct {
	request string
	// reaches is the request lines that the backend receives, in their order.
	reaches []string
	// gets is the statuses of the answers, in their order, and how the connection is left.
	gets []string
	// fast: the fast path serves it. Otherwise it hands it over.
	fast bool
}

const to = " HTTP/1.1\r\nHost: demo.example\r\n"

// next is a request behind another one, which is answered where the connection goes on, and shows where a reader of the first
// one takes its end to be.
const next = "GET /next" + to + "\r\n"

func requestCases() map[string]requestCase {
	ok, bad := "HTTP/1.1 200 OK", "HTTP/1.1 400 Bad Request"
	a, n := "GET /a HTTP/1.1", "GET /next HTTP/1.1"
	post := "POST /a HTTP/1.1"
	two, once := []string{ok, ok, "open"}, []string{ok, "closed"}
	refused := []string{bad, "closed"}
	long := strings.Repeat("x", 20<<10)
	return map[string]requestCase{
		// Plain requests.
		"a GET":                                  {"GET /a" + to + "\r\n" + next, []string{a, n}, two, true},
		"a GET that ends its connection":         {"GET /a" + to + "Connection: close\r\n\r\n" + next, []string{a}, once, true},
		"keep-alive, in any case":                {"GET /a" + to + "connection: Keep-Alive\r\n\r\n" + next, []string{a, n}, two, true},
		"names in any case":                      {"GET /a HTTP/1.1\r\nhOST: demo.example\r\nx-ABC-d_e.f: v\r\nACCEPT: */*\r\n\r\n" + next, []string{a, n}, two, true},
		"a host with a port":                     {"GET /a HTTP/1.1\r\nHost: Demo.Example:8080\r\n\r\n" + next, []string{a, n}, two, true},
		"empty lines' worth of white space":      {"GET /a" + to + "X-A:\r\nX-B: \t b \t\r\nX-C:c\r\n\r\n" + next, []string{a, n}, two, true},
		"fields said twice":                      {"GET /a" + to + "X-A: 1\r\nCookie: a=1\r\nx-a: 2\r\nCookie: b=2\r\n\r\n" + next, []string{a, n}, two, true},
		"bytes beyond ASCII in a value":          {"GET /a" + to + "X-A: \xfc\xe9\r\n\r\n" + next, []string{a, n}, two, true},
		"what a client says of where it is":      {"GET /a" + to + "X-Forwarded-For: 6.6.6.6\r\nForwarded: for=x\r\nX-Real-IP: 6\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Scheme: x\r\nX-Scheme: x\r\nX-Forwarded-Port: 1\r\nX-Forwarded-Host: evil\r\n\r\n" + next, []string{a, n}, two, true},
		"an identity that the client gives":      {"GET /a" + to + "X-Request-ID: mine\r\n\r\n" + next, []string{a, n}, two, true},
		"fields for one connection":              {"GET /a" + to + "Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic x\r\n\r\n" + next, []string{a, n}, two, true},
		"no cache, in the words of HTTP/1.0":     {"GET /a" + to + "Pragma: no-cache\r\n\r\n" + next, []string{a, n}, two, true},
		"no cache, in both words":                {"GET /a" + to + "Pragma: no-cache\r\nCache-Control: max-age=0\r\n\r\n" + next, []string{a, n}, two, true},
		"a path that is escaped":                 {"GET /a%2Fb/%e4/../c?x=%zz&y;z=\"<> HTTP/1.1\r\nHost: demo.example\r\n\r\n" + next, []string{"GET /a%2Fb/%e4/../c?x=%zz&y;z=\"<> HTTP/1.1", n}, two, true},
		"a path that is escaped, and a query":    {"GET /a%2Fb/%e4/../c?x=%20&y;z=1" + to + "\r\n" + next, []string{"GET /a%2Fb/%e4/../c?x=%20&y;z=1 HTTP/1.1", n}, two, true},
		"a query that is empty":                  {"GET /a?" + to + "\r\n" + next, []string{"GET /a? HTTP/1.1", n}, two, true},
		"two slashes":                            {"GET //a//b" + to + "\r\n" + next, []string{"GET //a//b HTTP/1.1", n}, two, true},
		"a POST":                                 {"POST /a" + to + "Content-Length: 5\r\n\r\nhello" + next, []string{post, n}, two, true},
		"a POST of nothing":                      {"POST /a" + to + "Content-Length: 0\r\n\r\n" + next, []string{post, n}, two, true},
		"a POST without a length":                {"POST /a" + to + "\r\n" + next, []string{post, n}, two, true},
		"a GET with a body":                      {"GET /a" + to + "Content-Length: 5\r\n\r\nhello" + next, []string{a, n}, two, true},
		"a GET with a body of nothing":           {"GET /a" + to + "Content-Length: 0\r\n\r\n" + next, []string{a, n}, two, true},
		"a DELETE with a body of nothing":        {"DELETE /a" + to + "Content-Length: 0\r\n\r\n" + next, []string{"DELETE /a HTTP/1.1", n}, two, true},
		"a length with zeros before it":          {"POST /a" + to + "Content-Length: 0005\r\n\r\nhello" + next, []string{post, n}, two, true},
		"a method that nobody knows":             {"FROBNICATE /a" + to + "\r\n" + next, []string{"FROBNICATE /a HTTP/1.1", n}, two, true},
		"three requests at once":                 {"GET /a" + to + "\r\n" + next + next, []string{a, n, n}, []string{ok, ok, ok, "open"}, true},
		"a body that is larger than the buffer":  {"POST /a" + to + "Content-Length: 20480\r\n\r\n" + long + next, []string{post, n}, two, true},
		"a head that does not end":               {"GET /a" + to, nil, []string{"open"}, true},
		"a line that does not end":               {"GET /a HT", nil, []string{"open"}, true},
		"a host that nobody serves":              {"GET /a HTTP/1.1\r\nHost: nobody.example\r\n\r\n" + next, []string{n}, []string{"HTTP/1.1 404 Not Found", ok, "open"}, false},
		"a body that is larger than is held":     {"POST /a" + to + "Content-Length: 81920\r\n\r\n" + strings.Repeat(long, 4) + next, []string{post, n}, two, false},
		"a head that is larger than is kept":     {"GET /a" + to + "X-A: " + long + "\r\n\r\n" + next, []string{a, n}, two, false},
		"a head that is too large":               {"GET /a" + to + "X-A: " + strings.Repeat(long, 4) + "\r\n\r\n", nil, []string{"HTTP/1.1 431 Request Header Fields Too Large", "closed"}, false},
		"HTTP/1.0":                               {"GET /a HTTP/1.0\r\nHost: demo.example\r\n\r\n" + next, []string{a}, []string{"HTTP/1.0 200 OK", "closed"}, false},
		"a request to ask first whether to send": {"POST /a" + to + "Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello" + next, []string{post, n}, []string{"HTTP/1.1 100 Continue", ok, ok, "open"}, false},
		"a field that Connection names":          {"GET /a" + to + "Connection: X-Hop\r\nX-Hop: 1\r\n\r\n" + next, []string{a, n}, two, false},
		"a length that Connection names":         {"POST /a" + to + "Connection: Content-Length\r\nContent-Length: 5\r\n\r\nhello" + next, []string{post, n}, two, false},
		"trailers are welcome":                   {"GET /a" + to + "TE: trailers\r\n\r\n" + next, []string{a, n}, two, false},
		"an upgrade that is not granted":         {"GET /a" + to + "Connection: Upgrade\r\nUpgrade: foo\r\n\r\n" + next, []string{a, n}, two, false},
		"chunks":                                 {"POST /a" + to + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + next, []string{post}, once, false},
		"chunks with trailers":                   {"POST /a" + to + "Transfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n5\r\nhello\r\n0\r\nX-A: 1\r\n\r\n" + next, []string{post}, once, false},
		"two agents":                             {"GET /a" + to + "User-Agent: a\r\nUser-Agent: b\r\n\r\n" + next, []string{a, n}, two, false},
		"the asterisk":                           {"OPTIONS *" + to + "\r\n", nil, []string{ok, "open"}, false},
		"plain requests before one that is not":  {next + next + "POST /a" + to + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + next, []string{n, n, post}, []string{ok, ok, ok, "closed"}, false},
		// Attempts to make two readers read one stream in two ways. Where they begin as a request does, what follows is the bait.
		"CL.TE: a length and chunks":           {"POST /a" + to + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG" + next, []string{post}, once, false},
		"TE.CL: chunks and a length":           {"POST /a" + to + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n2d\r\nGET /smuggled HTTP/1.1\r\nHost: demo.example\r\n\r\n0\r\n\r\n" + next, nil, refused, false},
		"TE.TE: a coding nobody knows":         {"POST /a" + to + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + next, nil, []string{"HTTP/1.1 501 Not Implemented", "closed"}, false},
		"TE.TE: a space before the colon":      {"POST /a" + to + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + next, nil, []string{"HTTP/1.1 400 Bad Request: invalid header name", "closed"}, false},
		"TE.TE: twice":                         {"POST /a" + to + "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n" + next, nil, []string{"HTTP/1.1 501 Not Implemented", "closed"}, false},
		"TE.TE: a list":                        {"POST /a" + to + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" + next, nil, []string{"HTTP/1.1 501 Not Implemented", "closed"}, false},
		"TE.TE: a tab":                         {"POST /a" + to + "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n" + next, []string{post}, once, false},
		"TE.TE: a vertical tab":                {"POST /a" + to + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + next, nil, refused, false},
		"TE.TE: on a line that is continued":   {"POST /a" + to + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + next, []string{post}, once, false},
		"TE.TE: after a bare line feed":        {"POST /a" + to + "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + next, []string{post}, once, false},
		"TE.TE: after a bare carriage return":  {"POST /a" + to + "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + next, nil, refused, false},
		"TE.TE: identity":                      {"POST /a" + to + "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello" + next, nil, []string{"HTTP/1.1 501 Not Implemented", "closed"}, false},
		"two lengths that differ":              {"POST /a" + to + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!" + next, nil, refused, false},
		"two lengths that agree":               {"POST /a" + to + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello" + next, []string{post, n}, two, false},
		"a length with a sign":                 {"POST /a" + to + "Content-Length: +5\r\n\r\nhello" + next, nil, refused, false},
		"a length below zero":                  {"POST /a" + to + "Content-Length: -5\r\n\r\nhello" + next, nil, refused, false},
		"a length with a space in it":          {"POST /a" + to + "Content-Length: 5 5\r\n\r\nhello" + next, nil, refused, false},
		"a list of lengths":                    {"POST /a" + to + "Content-Length: 5, 5\r\n\r\nhello" + next, nil, refused, false},
		"a length in another base":             {"POST /a" + to + "Content-Length: 0x5\r\n\r\nhello" + next, nil, refused, false},
		"a length that is empty":               {"POST /a" + to + "Content-Length: \r\n\r\n" + next, nil, refused, false},
		"a length that no number holds":        {"POST /a" + to + "Content-Length: 18446744073709551621\r\n\r\nhello" + next, nil, refused, false},
		"a length on a line that is continued": {"POST /a" + to + "Content-Length:\r\n 5\r\n\r\nhello" + next, []string{post, n}, two, false},
		"a space before the colon of a length": {"POST /a" + to + "Content-Length : 5\r\n\r\nhello" + next, nil, []string{"HTTP/1.1 400 Bad Request: invalid header name", "closed"}, false},
		"a chunk with a sign":                  {"POST /a" + to + "Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n" + next, nil, refused, false},
		"a chunk that is longer than it says":  {"POST /a" + to + "Transfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n0\r\n\r\n" + next, nil, refused, false},
		"a chunk that no number holds":         {"POST /a" + to + "Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n" + next, nil, refused, false},
		"a chunk with an extension":            {"POST /a" + to + "Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\n\r\n" + next, []string{post}, once, false},
		"a chunk with a line feed in it":       {"POST /a" + to + "Transfer-Encoding: chunked\r\n\r\n5;\nhello\r\n0\r\n\r\n" + next, nil, refused, false},
		"a body behind a GET that says none":   {"GET /a" + to + "\r\n5\r\nhello\r\n0\r\n\r\n", []string{a}, []string{ok, bad, "closed"}, false},
		"lines that end in a line feed":        {"GET /a HTTP/1.1\nHost: demo.example\n\n" + next, []string{a, n}, two, false},
		"a head that ends in line feeds":       {"GET /a" + to + "\n" + next, []string{a, n}, two, false},
		"a NUL in a name":                      {"GET /a" + to + "X\x00A: b\r\n\r\n" + next, nil, refused, false},
		"a NUL in a value":                     {"GET /a" + to + "X-A: b\x00c\r\n\r\n" + next, nil, refused, false},
		"a NUL in the target":                  {"GET /a\x00b" + to + "\r\n" + next, nil, refused, false},
		"a bare carriage return in a value":    {"GET /a" + to + "X-A: b\rc\r\n\r\n" + next, nil, refused, false},
		"a name that is empty":                 {"GET /a" + to + ": b\r\n\r\n" + next, nil, refused, false},
		"a line without a colon":               {"GET /a" + to + "X-A\r\n\r\n" + next, nil, refused, false},
		"white space before the first field":   {"GET /a HTTP/1.1\r\n Host: demo.example\r\n\r\n" + next, nil, refused, false},
		"a line that is continued":             {"GET /a" + to + "X-A: b\r\n\tc\r\n\r\n" + next, []string{a, n}, two, false},
		"a target in absolute form":            {"GET http://demo.example/a HTTP/1.1\r\nHost: other.example\r\n\r\n" + next, []string{a, n}, two, false},
		"an absolute target of another host":   {"GET http://nobody.example/a" + to + "\r\n" + next, []string{n}, []string{"HTTP/1.1 404 Not Found", ok, "open"}, false},
		"a target with a fragment":             {"GET /a#b" + to + "\r\n" + next, []string{"GET /a%23b HTTP/1.1", n}, two, false},
		"a target that must be escaped":        {"GET /a|\"b" + to + "\r\n" + next, []string{"GET /a%7C%22b HTTP/1.1", n}, two, false},
		"a target with a bad escape":           {"GET /a%zz" + to + "\r\n" + next, nil, refused, false},
		"a target without a slash":             {"GET a" + to + "\r\n" + next, nil, refused, false},
		"a target with a space":                {"GET /a b" + to + "\r\n" + next, nil, refused, false},
		"two spaces before the target":         {"GET  /a" + to + "\r\n" + next, nil, refused, false},
		"no target":                            {"GET HTTP/1.1\r\nHost: demo.example\r\n\r\n" + next, nil, refused, false},
		"no version":                           {"GET /a\r\nHost: demo.example\r\n\r\n" + next, nil, refused, false},
		"a version that does not exist":        {"GET /a HTTP/1.7\r\nHost: demo.example\r\n\r\n", nil, nil, false},
		"a version of two digits":              {"GET /a HTTP/1.10\r\nHost: demo.example\r\n\r\n" + next, nil, refused, false},
		"a method in small letters":            {"get /a" + to + "\r\n" + next, []string{"get /a HTTP/1.1", n}, two, false},
		"an empty line before a request":       {"\r\nGET /a" + to + "\r\n" + next, nil, refused, false},
		"no host":                              {"GET /a HTTP/1.1\r\n\r\n" + next, nil, []string{"HTTP/1.1 400 Bad Request: missing required Host header", "closed"}, false},
		"an empty host":                        {"GET /a HTTP/1.1\r\nHost:\r\n\r\n", nil, nil, false},
		"two hosts":                            {"GET /a" + to + "Host: demo.example\r\n\r\n" + next, nil, refused, false},
		"a host with a path":                   {"GET /a HTTP/1.1\r\nHost: demo.example/x\r\n\r\n" + next, nil, []string{"HTTP/1.1 400 Bad Request: malformed Host header", "closed"}, false},
		"a host with a space":                  {"GET /a HTTP/1.1\r\nHost: demo.example x\r\n\r\n" + next, nil, []string{"HTTP/1.1 400 Bad Request: malformed Host header", "closed"}, false},
		"a request to be a tunnel":             {"CONNECT demo.example:443 HTTP/1.1\r\nHost: demo.example:443\r\n\r\n", nil, nil, false},
		"an upgrade to HTTP/2":                 {"GET /a" + to + "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\r\n" + next, []string{a, n}, two, false},
		"no HTTP at all":                       {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n\r\n", nil, []string{bad, "closed"}, false},
	}
}

// TestRequestsAreTheSameOnBothPaths holds the fast path against net/http with requests good, odd and hostile: the client gets
// the same answers, the backend the same requests, to the byte except for the order of fields, and so there is one reading of
// each stream.
func TestRequestsAreTheSameOnBothPaths(t *testing.T) {
	p := newTwins(t)
	for name, tc := range requestCases() {
		t.Run(name, func(t *testing.T) {
			before := p.worlds[0].handedOver()
			answers, received := p.patiently(plainAnswer, tc.request)
			if diff := cmp.Diff(received[1], received[0]); diff != "" {
				t.Errorf("the backend receives something else on the fast path:\n%s", diff)
			}
			if diff := cmp.Diff(answers[1], answers[0]); diff != "" {
				t.Errorf("the client gets something else on the fast path:\n%s", diff)
			}
			if got := firstLines(received[0]); tc.reaches != nil && !slices.Equal(got, tc.reaches) {
				t.Errorf("the backend receives %q, want %q", got, tc.reaches)
			}
			for _, line := range firstLines(received[0]) {
				if strings.Contains(line, "/smuggled") {
					t.Errorf("a request was smuggled: %q", firstLines(received[0]))
				}
			}
			if got := firstLines(answers[0]); tc.gets != nil && !slices.Equal(got, tc.gets) {
				t.Errorf("the client gets %q, want %q", got, tc.gets)
			}
			if fast := p.worlds[0].handedOver() == before; fast != tc.fast {
				t.Errorf("served by the fast path: %t, want %t", fast, tc.fast)
			}
		})
	}
}

// answerCase is an answer of a backend.
type answerCase struct {
	answer string
	closes bool
	// status is what the client gets, when it is not the backend's.
	status string
	// differs says why the paths may answer differently beyond the status; empty: they must not.
	differs string
}

func answerCases() map[string]answerCase {
	ok := "HTTP/1.1 200 OK\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\n"
	chunked := ok + "Transfer-Encoding: chunked\r\n"
	large := strings.Repeat("0123456789abcdef", 16<<10)
	broken := "HTTP/1.1 502 Bad Gateway"
	return map[string]answerCase{
		"a body with a length":             {ok + "Content-Length: 5\r\n\r\nhello", false, "", ""},
		"no body":                          {ok + "Content-Length: 0\r\n\r\n", false, "", ""},
		"a large body":                     {ok + "Content-Length: 262144\r\n\r\n" + large, false, "", ""},
		"chunks":                           {chunked + "\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n", false, "", ""},
		"large chunks":                     {chunked + "\r\n40000\r\n" + large + "\r\n0\r\n\r\n", false, "", ""},
		"no chunks":                        {chunked + "\r\n0\r\n\r\n", false, "", ""},
		"trailers that were announced":     {chunked + "Trailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n", false, "", ""},
		"trailers that were not announced": {chunked + "\r\n5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n", false, "", ""},
		"a body until the end":             {ok + "\r\nhello", true, "", ""},
		"a large body until the end":       {ok + "\r\n" + large, true, "", ""},
		"a body that nobody types":         {ok + "Content-Length: 6\r\n\r\n<html>", false, "", ""},
		"no date":                          {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false, "", ""},
		"another reason":                   {"HTTP/1.1 200 Fine With Me\r\nContent-Length: 2\r\n\r\nok", false, "", ""},
		"no reason":                        {"HTTP/1.1 404\r\nContent-Length: 2\r\n\r\nok", false, "", ""},
		"a status that nobody knows":       {"HTTP/1.1 799 Odd\r\nContent-Length: 2\r\n\r\nok", false, "HTTP/1.1 799 status code 799", ""},
		"no content":                       {"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n", false, "", ""},
		"no content, with a length":        {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", false, "", ""},
		"not modified, with a length":      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: x\r\nContent-Type: a/b\r\n\r\n", false, "", ""},
		"a redirect":                       {"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", false, "", ""},
		"an error of the backend's own":    {"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\noops", false, "", ""},
		"fields said twice":                {ok + "Set-Cookie: a=1; Path=/\r\nSet-Cookie: a=2\r\nset-cookie: b=3\r\nVary: a\r\nVary: b\r\nContent-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 2\r\n\r\nok", false, "", ""},
		"fields for one connection":        {ok + "Connection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: x\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nok", false, "", ""},
		"the last answer of a connection":  {ok + "Connection: close\r\nContent-Length: 2\r\n\r\nok", true, "", ""},
		"no cache, in the words of HTTP/1": {ok + "Pragma: no-cache\r\nContent-Length: 2\r\n\r\nok", false, "", ""},
		"lines that end in a line feed":    {"HTTP/1.1 200 OK\nContent-Length: 2\nX-A: b\n\nok", false, "", ""},
		"a line that is continued":         {ok + "X-A: b\r\n c\r\nContent-Length: 2\r\n\r\nok", false, "", "RFC 9112 section 5.2 lets a proxy choose how many spaces stand for the end of the line"},
		"HTTP/1.0":                         {"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", true, "", ""},
		"HTTP/1.0 until the end":           {"HTTP/1.0 200 OK\r\n\r\nhello", true, "", ""},
		"a hint before the answer":         {"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + plainAnswer, false, "HTTP/1.1 103 Early Hints", ""},
		"two lengths that agree":           {ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok", false, "", ""},
		"two lengths that differ":          {ok + "Content-Length: 2\r\nContent-Length: 3\r\n\r\nok!", true, broken, ""},
		"two lengths alike as numbers":     {ok + "Content-Length: 2\r\nContent-Length: 02\r\n\r\nok", true, broken, ""},
		"a length with a sign":             {ok + "Content-Length: +2\r\n\r\nok", true, broken, ""},
		"a length and chunks":              {chunked + "Content-Length: 3\r\n\r\n2\r\nok\r\n0\r\n\r\n", true, "", "RFC 9112 section 6.3 lets the length go; net/http keeps it in the answer to a HEAD"},
		"a coding that nobody knows":       {ok + "Transfer-Encoding: gzip\r\n\r\nok", true, broken, ""},
		"a list of codings":                {ok + "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", true, broken, ""},
		"an upgrade that nobody asked for": {"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n", true, broken, ""},
		"a space before a colon":           {ok + "X-A : b\r\nContent-Length: 2\r\n\r\nok", false, "HTTP/1.1 200 OK", "RFC 9112 section 5.1 has a proxy remove the space; net/http removes the field"},
		"a control character in a value":   {ok + "X-A: b\x01c\r\nContent-Length: 2\r\n\r\nok", true, broken, ""},
		"a line without a colon":           {ok + "X-A\r\nContent-Length: 2\r\n\r\nok", true, broken, ""},
		"no HTTP at all":                   {"SSH-2.0-OpenSSH_9.2\r\n\r\n", true, broken, ""},
		"a head that breaks off":           {ok + "Content-Le", true, broken, ""},
		"nothing":                          {"", true, broken, ""},
		"a body that breaks off":           {ok + "Content-Length: 9\r\n\r\nhello", true, "", "the fast path has sent what came by then, net/http drops what it has not flushed"},
		"chunks that break off":            {chunked + "\r\n5\r\nhello\r\n6\r\n wo", true, "", "as above"},
		"a chunk that is no number":        {chunked + "\r\n5\r\nhello\r\nxyz\r\n", true, "", "as above"},
		"more than was announced":          {ok + "Content-Length: 2\r\n\r\nok" + "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison", false, "", ""},
		"a head as large as few have it":   {ok + "X-A: " + large[:60<<10] + "\r\nContent-Length: 2\r\n\r\nok", false, "", ""},
	}
}

// TestAnswersAreTheSameOnBothPaths holds the fast path against net/http with answers good, odd and broken, to a GET, a HEAD
// and a POST. Two requests go out on one connection of the client, so that an answer that is not where it belongs shows.
func TestAnswersAreTheSameOnBothPaths(t *testing.T) {
	var said bytes.Buffer
	log.SetOutput(LogWithoutAnswers(&said)) // where net/http tells of answers to nothing
	t.Cleanup(func() {
		log.SetOutput(os.Stderr)
		if text := said.String(); strings.Contains(text, "poison") {
			t.Errorf("the log tells bytes of an answer:\n%s", text)
		}
	})
	p := newTwins(t)
	for name, tc := range answerCases() {
		for _, method := range []string{"GET", "HEAD", "POST"} {
			if method == "HEAD" && (strings.Contains(tc.answer, "\r\n\r\n") && !strings.HasSuffix(tc.answer, "\r\n\r\n") || strings.Contains(tc.answer, "\n\nok")) && !tc.closes {
				continue // a body behind an answer to HEAD is the case "more than was announced"
			}
			t.Run(method+": "+name, func(t *testing.T) {
				request := method + " /a" + to + "\r\n"
				last := method + " /b" + to + "Connection: close\r\n\r\n"
				answers, received := p.exchange(tc.answer, tc.closes, request, last)
				if diff := cmp.Diff(received[1], received[0]); diff != "" {
					t.Errorf("the backend receives something else on the fast path:\n%s", diff)
				}
				if diff := cmp.Diff(answers[1], answers[0]); diff != "" && tc.differs == "" {
					t.Errorf("the client gets something else on the fast path:\n%s", diff)
				}
				if got := firstLines(answers[0])[0]; tc.status != "" && got != tc.status {
					t.Errorf("the client gets %q, want %q", got, tc.status)
				}
				for _, answer := range answers[0] {
					if strings.Contains(answer, "poison") {
						t.Errorf("an answer was smuggled: %q", answers[0])
					}
				}
			})
		}
	}
	if n := p.worlds[0].handedOver(); n != 0 {
		t.Errorf("%d connections were handed over", n)
	}
}

// TestCountsAreTheSameOnBothPaths looks at what the plan says after the same requests on both paths.
func TestCountsAreTheSameOnBothPaths(t *testing.T) {
	p := newTwins(t)
	for _, answer := range []string{plainAnswer, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", ""} {
		p.exchange(answer, answer == "", "GET /a"+to+"\r\n", "GET /b"+to+"Connection: close\r\n\r\n")
		p.exchange(answer, answer == "", "POST /a"+to+"Connection: close\r\nContent-Length: 5\r\n\r\nhello")
	}
	var counts [2][2]uint64
	for i, w := range p.worlds {
		w.settle("stable")
		s := w.plan().Services["demo/stable"]
		counts[i] = [2]uint64{s.Requests, s.Failed}
	}
	if counts[0] != counts[1] || counts[0] != [2]uint64{9, 6} {
		t.Errorf("the fast path counts %v (all, failed), net/http %v; want 9 and 6", counts[0], counts[1])
	}
}
