// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

// connection is a client's, to the byte.
type connection struct {
	net.Conn
	in *bufio.Reader
	tb testing.TB
}

func (w *world) connect() *connection {
	w.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	return &connection{Conn: conn, in: bufio.NewReader(conn), tb: w.t}
}

func (c *connection) send(text string) {
	c.tb.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.tb.Fatal(err)
	}
}

// answer reads one answer and gives its status and body.
func (c *connection) answer() string {
	c.tb.Helper()
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		c.tb.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.tb.Fatal(err)
	}
	return fmt.Sprint(resp.StatusCode, " ", string(body))
}

// until asks for the plan until it is as wanted: of what is in flight the stream of plans does not tell.
func (w *world) until(what string, wanted func(plan.Plan) bool) {
	w.t.Helper()
	for deadline := time.Now().Add(patience); !wanted(w.plan()); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("waiting for %s; the plan is %+v", what, w.plan())
		}
	}
}

// settle waits until nothing is in flight on a Service.
func (w *world) settle(service string) {
	w.t.Helper()
	w.until("nothing in flight", func(p plan.Plan) bool { return p.Services["demo/"+service].InFlight == 0 })
}

func TestBackendLearnsThatTheClientIsGone(t *testing.T) {
	onBothPaths(t, testBackendLearnsThatTheClientIsGone)
}

func testBackendLearnsThatTheClientIsGone(t course) {
	out := &lockedBuffer{}
	w := newWorld(t, func(c *Config) { c.AccessLog = out })
	entered, gone := make(chan struct{}), make(chan struct{})
	b := newBackend(t, "slow", func(_ http.ResponseWriter, req *http.Request) {
		close(entered)
		<-req.Context().Done()
		close(gone)
	})
	w.service("stable", b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	c := w.connect()
	c.send(next)
	<-entered
	c.Close()
	select {
	case <-gone:
	case <-time.After(patience):
		t.Fatal("the backend works on for a client that is gone")
	}
	w.settle("stable")
	if err := w.stop(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); !strings.Contains(got, `"status":499`) {
		t.Errorf("logged %s, want status 499", got)
	}
}

func TestRequestsThatComeWhileOneWaitsAreAnsweredInOrder(t *testing.T) {
	onBothPaths(t, testRequestsThatComeWhileOneWaitsAreAnsweredInOrder)
}

// The client is watched while its request waits, and what it sends meanwhile must not be lost.
func testRequestsThatComeWhileOneWaitsAreAnsweredInOrder(t course) {
	w := newWorld(t, nil)
	release, entered := make(chan struct{}), make(chan struct{}, 3)
	b := newBackend(t, "slow", func(rw http.ResponseWriter, req *http.Request) {
		entered <- struct{}{}
		<-release
		body, _ := io.ReadAll(req.Body)
		fmt.Fprintf(rw, "%s %s", req.URL.Path, body)
	})
	w.service("stable", b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	c := w.connect()
	c.send("GET /1" + to + "\r\n")
	<-entered
	time.Sleep(6 * promptly) // until somebody watches; the test holds without it too, but shows less
	c.send("POST /2" + to + "Content-Length: 5\r\n\r\nhello" + "GET /3" + to + "\r\n")
	close(release)
	for _, want := range []string{"200 /1 ", "200 /2 hello", "200 /3 "} {
		if got := c.answer(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The fast path looks before it sends; net/http learns of the end in another goroutine, which may be late.
func TestPostIsNotSentOnAConnectionThatTheBackendHasClosed(t *testing.T) {
	w := newWorld(t, nil)
	b := newBackend(t, "web", nil)
	w.service("stable", b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	for i := range 20 {
		if got, err := w.post("hello"); err != nil || got != "web" {
			t.Fatalf("POST %d got %q, error %v", i, got, err)
		}
		b.server.CloseClientConnections() // the end of a connection is there before the next request is
	}
}

func TestStopClosesConnectionsAtRestAtOnce(t *testing.T) {
	onBothPaths(t, testStopClosesConnectionsAtRestAtOnce)
}

func testStopClosesConnectionsAtRestAtOnce(t course) {
	w := newWorld(t, func(c *Config) { c.DrainTimeout = time.Hour })
	b := newBackend(t, "web", nil)
	w.service("stable", b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	resting := w.connect()
	resting.send(next)
	if got := resting.answer(); got != "200 web" {
		t.Fatalf("got %q", got)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- w.stop() }()
	if _, err := resting.in.ReadByte(); err == nil || isTimeout(err) {
		t.Errorf("the connection at rest ended with %v, want its end", err)
	}
	select {
	case err := <-stopped:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Error("the stop waits for a connection on which nothing goes on")
	}
}

func TestStopEndsTheConnectionOfARequestInFlightWithItsAnswer(t *testing.T) {
	onBothPaths(t, testStopEndsTheConnectionOfARequestInFlightWithItsAnswer)
}

func testStopEndsTheConnectionOfARequestInFlightWithItsAnswer(t course) {
	w := newWorld(t, nil)
	release, entered := make(chan struct{}), make(chan struct{})
	b := newBackend(t, "slow", func(http.ResponseWriter, *http.Request) { close(entered); <-release })
	w.service("stable", b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	c := w.connect()
	c.send(next)
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- w.stop() }()
	for !w.edge.stopping.Load() {
		time.Sleep(time.Millisecond)
	}
	close(release)
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || !resp.Close {
		t.Errorf("status %d, the end is announced: %t; want 200, true", resp.StatusCode, resp.Close)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// While a request waits for a pod that is gone, its route is made one that the fast path does not serve. Nothing of it was
// sent, so that net/http can take it.
func TestARequestIsHandedOverWhenItsRouteChangesBeforeItIsSent(t *testing.T) {
	w := newWorld(t, nil)
	gone := silent(t)
	w.service("stable", gone)
	w.ingress("web", "stable", "proxy-connect-timeout", "60")
	w.await("the endpoint", func(p plan.Plan) bool { return len(p.Services["demo/stable"].Endpoints) == 1 })
	c := w.connect()
	c.send("POST /a" + to + "Content-Length: 5\r\n\r\nhello")
	w.until("the request on its way", func(p plan.Plan) bool { return p.Services["demo/stable"].InFlight == 1 })
	version := w.ingress("web", "stable", "proxy-connect-timeout", "60", "force-ssl-redirect", "true")
	w.await("the redirect", func(p plan.Plan) bool { return p.Ingresses["demo/web"].ResourceVersion == version })
	w.removeEndpoint("stable", gone)
	if got := c.answer(); !strings.HasPrefix(got, "308 ") {
		t.Errorf("the answer is %q, want a redirect", got)
	}
	if got := w.handedOver(); got != 1 {
		t.Errorf("%d connections were handed over", got)
	}
	if s := w.plan().Services["demo/stable"]; s.InFlight != 0 || s.Requests != 0 {
		t.Errorf("the Service counts %+v, though it was sent nothing", s)
	}
}

// Requests in pieces, cut everywhere, are the same requests; also those that are handed over half way through their head.
func TestRequestsInPiecesAreTheSameOnBothPaths(t *testing.T) {
	p := newTwins(t)
	for name, request := range map[string]string{
		"plain":                 "GET /a?b=c" + to + "X-A: b\r\n\r\n",
		"plain, with a body":    "POST /a" + to + "Content-Length: 11\r\n\r\nhello world",
		"chunks":                "POST /a" + to + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"lines without a CR":    "GET /a HTTP/1.1\nHost: demo.example\n\n",
		"an absolute target":    "GET http://demo.example/a" + to + "\r\n",
		"a length in two minds": "POST /a" + to + "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 7} {
				var got [2][2]string
				for i, w := range p.worlds {
					p.backends[i].script(plainAnswer, false)
					w.t = t
					c := w.connect()
					for rest := request; rest != ""; {
						n := min(size, len(rest))
						c.send(rest[:n])
						rest = rest[n:]
					}
					got[i][0] = c.answer()
					for _, message := range p.backends[i].received() {
						got[i][1] += tidy(message, w)
					}
				}
				if diff := cmp.Diff(got[1], got[0]); diff != "" {
					t.Errorf("in pieces of %d bytes it is something else on the fast path:\n%s", size, diff)
				}
			}
		})
	}
}

// A share is a share of all requests, whichever way they take: handing a request over must not cost its version a turn.
func TestShareIsExactWhenRequestsTakeBothPaths(t *testing.T) {
	w := newWorld(t, nil)
	stable, canary := newBackend(t, "stable", nil), newBackend(t, "canary", nil)
	w.canary(stable, canary, 50)
	var answers atomic.Int64
	for range 50 {
		c := w.connect()
		c.send(next + "POST /a" + to + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
		for range 2 {
			if got := c.answer(); strings.HasPrefix(got, "200 ") {
				answers.Add(1)
			}
		}
		c.Close()
	}
	if s, c := stable.hits.Load(), canary.hits.Load(); s != 50 || c != 50 || answers.Load() != 100 {
		t.Errorf("stable served %d, the canary %d, and %d were answered; want 50, 50, 100", s, c, answers.Load())
	}
	if got := w.handedOver(); got != 50 {
		t.Errorf("%d connections were handed over, want 50", got)
	}
}
