// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

func TestConnectFailureGoesToAnotherEndpointOfTheVersion(t *testing.T) {
	onBothPaths(t, testConnectFailureGoesToAnotherEndpointOfTheVersion)
}

func testConnectFailureGoesToAnotherEndpointOfTheVersion(t course) {
	w := newWorld(t, nil)
	good := newBackend(t, "good", nil)
	dead := newBackend(t, "dead", nil)
	w.service("stable", good.address, dead.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 2})
	dead.server.Close()
	for range 50 {
		resp, err := w.post("hello")
		if err != nil || resp != "good" {
			t.Fatalf("answer %q, error %v", resp, err)
		}
	}
	p := w.await("the dead endpoint out of rotation", func(p plan.Plan) bool { return p.Services["demo/stable"].Ready == 1 })
	if failed := p.Services["demo/stable"].Failed; failed != 0 {
		t.Errorf("%d requests count as failed", failed)
	}
}

// post sends a body, which a retry must not lose.
func (w *world) post(body string) (string, error) {
	req, err := http.NewRequest(http.MethodPost, w.url+"/", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Host = "demo.example"
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	return string(got), err
}

func TestTheLastAttemptIsForAVersionThatHasNotFailed(t *testing.T) {
	onBothPaths(t, testTheLastAttemptIsForAVersionThatHasNotFailed)
}

// All pods of the stable version end at once, and the table that says so comes between two attempts of a request.
func testTheLastAttemptIsForAVersionThatHasNotFailed(t course) {
	w := newWorld(t, nil)
	canary := newBackend(t, "canary", nil)
	var hits atomic.Int64
	ends := func(http.ResponseWriter, *http.Request) {
		if hits.Add(1) == 2 {
			w.weight(99) //nolint:contextcheck // the test's own doing, not the request's
		}
		panic(http.ErrAbortHandler)
	}
	var ending []string
	for range 4 {
		ending = append(ending, newBackend(t, "stable", ends).address)
	}
	w.service("stable", ending...)
	w.service("canary", canary.address)
	w.ingress("web", "stable")
	w.weight(0)
	w.ready(map[string]int{"stable": 4, "canary": 1})
	if status, body, err := w.get(http.DefaultClient, "/"); err != nil || body != "canary" {
		t.Errorf("status %d, body %q, error %v; want the answer of the canary after %d attempts on the stable version", status, body, err, hits.Load())
	}
}

func TestCanaryThatRefusesIsReplacedByStable(t *testing.T) {
	onBothPaths(t, testCanaryThatRefusesIsReplacedByStable)
}

func testCanaryThatRefusesIsReplacedByStable(t course) {
	w := newWorld(t, nil)
	stable := newBackend(t, "stable", nil)
	w.service("stable", stable.address)
	w.service("canary", refusing(t))
	w.ingress("web", "stable")
	w.weight(50)
	w.ready(map[string]int{"stable": 1, "canary": 0})
	for range 20 {
		w.mustGet("/")
	}
	if got := stable.hits.Load(); got != 20 {
		t.Errorf("stable served %d of 20 requests", got)
	}
}

func TestCanaryWithoutEndpointsIsReplacedByStable(t *testing.T) {
	onBothPaths(t, testCanaryWithoutEndpointsIsReplacedByStable)
}

func testCanaryWithoutEndpointsIsReplacedByStable(t course) {
	w := newWorld(t, nil)
	stable := newBackend(t, "stable", nil)
	w.service("stable", stable.address)
	w.service("canary")
	w.ingress("web", "stable")
	p := w.weight(50)
	if c, ok := p.Services["demo/canary"]; !ok || c.Ready != 0 || !c.Weighted {
		t.Errorf("the plan says of the canary: %+v", c)
	}
	for range 20 {
		w.mustGet("/")
	}
	if i := w.plan().Ingresses["demo/web-canary"]; i.StableRequests != 20 || i.CanaryRequests != 0 {
		t.Errorf("counted as served: stable %d, canary %d; want what really served", i.StableRequests, i.CanaryRequests)
	}
}

func TestStableWithoutEndpointsIsNotReplacedByACanaryAtZero(t *testing.T) {
	onBothPaths(t, testStableWithoutEndpointsIsNotReplacedByACanaryAtZero)
}

func testStableWithoutEndpointsIsNotReplacedByACanaryAtZero(t course) {
	w := newWorld(t, nil)
	canary := newBackend(t, "canary", nil)
	w.service("stable")
	w.service("canary", canary.address)
	w.ingress("web", "stable")
	w.weight(0)
	status, body, err := w.get(http.DefaultClient, "/")
	if err != nil || status != http.StatusServiceUnavailable || body != "no endpoint of the backend is available\n" {
		t.Errorf("status %d, body %q, error %v", status, body, err)
	}
	if canary.hits.Load() != 0 {
		t.Error("a canary at weight 0 served a request")
	}
}

// dying accepts requests and closes the connection before any answer.
func dying(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				_, _ = http.ReadRequest(bufio.NewReader(conn))
			}()
		}
	}()
	return l.Addr().String()
}

func TestGetIsRepeatedWhenABackendDiesBeforeItsAnswer(t *testing.T) {
	onBothPaths(t, testGetIsRepeatedWhenABackendDiesBeforeItsAnswer)
}

func testGetIsRepeatedWhenABackendDiesBeforeItsAnswer(t course) {
	w := newWorld(t, nil)
	good := newBackend(t, "good", nil)
	w.service("stable", good.address, dying(t))
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 2})
	for range 20 {
		if got := w.mustGet("/"); got != "good" {
			t.Fatalf("answer %q", got)
		}
	}
}

func TestPostIsNotRepeatedOnceItMayHaveBeenRead(t *testing.T) {
	onBothPaths(t, testPostIsNotRepeatedOnceItMayHaveBeenRead)
}

func testPostIsNotRepeatedOnceItMayHaveBeenRead(t course) {
	w := newWorld(t, nil)
	good := newBackend(t, "good", nil)
	w.service("stable", good.address, dying(t))
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 2})
	broken := 0
	for range 20 {
		got, err := w.post("once")
		if err != nil {
			t.Fatal(err)
		}
		if got == "the backend could not be reached or broke off\n" {
			broken++
		}
	}
	if broken == 0 {
		t.Error("every POST was answered: those that the dying backend had read were sent again")
	}
	if good.hits.Load()+int64(broken) != 20 {
		t.Errorf("%d answered and %d broken of 20", good.hits.Load(), broken)
	}
}

func TestSilentBackendIsATimeout(t *testing.T) { onBothPaths(t, testSilentBackendIsATimeout) }

func testSilentBackendIsATimeout(t course) {
	w := newWorld(t, nil)
	release := make(chan struct{})
	silent := newBackend(t, "silent", func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	w.service("stable", silent.address)
	w.ingress("web", "stable", "proxy-read-timeout", "1")
	w.ready(map[string]int{"stable": 1})
	status, body, err := w.get(http.DefaultClient, "/")
	if err != nil || status != http.StatusGatewayTimeout || body != "the backend did not answer in time\n" {
		t.Errorf("status %d, body %q, error %v", status, body, err)
	}
}

func TestEndpointsThatLeaveLoseNoRequest(t *testing.T) {
	onBothPaths(t, testEndpointsThatLeaveLoseNoRequest)
}

func testEndpointsThatLeaveLoseNoRequest(t course) {
	w := newWorld(t, nil)
	steady := newBackend(t, "steady", nil)
	w.service("stable", steady.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	l := w.load(8)
	for range 20 {
		leaver := newBackend(t, "leaver", nil)
		w.addEndpoint("stable", leaver.address)
		w.ready(map[string]int{"stable": 2})
		for leaver.hits.Load() < 20 && l.failed.Load() == 0 {
			w.mustGet("/")
		}
		w.removeEndpoint("stable", leaver.address)
		w.await("the leaver gone and drained", func(p plan.Plan) bool { return len(p.Services["demo/stable"].Endpoints) == 1 })
		leaver.server.Close()
	}
	l.stop()
	l.check(t)
}

func TestPlanTellsTheStatesOfEndpoints(t *testing.T) {
	onBothPaths(t, testPlanTellsTheStatesOfEndpoints)
}

func testPlanTellsTheStatesOfEndpoints(t course) {
	w := newWorld(t, nil)
	release := make(chan struct{})
	entered := make(chan struct{}, 1)
	slow := newBackend(t, "slow", func(http.ResponseWriter, *http.Request) { entered <- struct{}{}; <-release })
	address := refusing(t)
	w.service("stable", slow.address, address)
	w.ingress("web", "stable")
	state := func(p plan.Plan, address string) string {
		for _, e := range p.Services["demo/stable"].Endpoints {
			if e.Address == address {
				return e.State
			}
		}
		return ""
	}
	w.await("one ready, one probing", func(p plan.Plan) bool {
		return state(p, slow.address) == plan.Ready && state(p, address) == plan.Probing
	})
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Skipf("the port was taken meanwhile: %v", err)
	}
	defer l.Close()
	w.await("both ready", func(p plan.Plan) bool { return p.Services["demo/stable"].Ready == 2 })
	w.removeEndpoint("stable", address)
	w.await("one left", func(p plan.Plan) bool { return state(p, address) == "" })
	go w.get(http.DefaultClient, "/")
	<-entered
	w.removeEndpoint("stable", slow.address)
	w.await("draining", func(p plan.Plan) bool { return state(p, slow.address) == plan.Draining })
	close(release)
	w.await("drained", func(p plan.Plan) bool { return state(p, slow.address) == "" })
}

func TestServiceThatNoRouteNamesStaysInThePlanUntilItIsDrained(t *testing.T) {
	onBothPaths(t, testServiceThatNoRouteNamesStaysInThePlanUntilItIsDrained)
}

func testServiceThatNoRouteNamesStaysInThePlanUntilItIsDrained(t course) {
	w := newWorld(t, nil)
	release := make(chan struct{})
	entered := make(chan struct{}, 1)
	slow := newBackend(t, "slow", func(http.ResponseWriter, *http.Request) { entered <- struct{}{}; <-release })
	other := newBackend(t, "other", nil)
	w.service("before", slow.address)
	w.service("after", other.address)
	w.ingress("web", "before")
	w.ready(map[string]int{"before": 1})
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.get(http.DefaultClient, "/")
	}()
	<-entered
	w.ingress("web", "after")
	p := w.await("the other Service", func(p plan.Plan) bool { return p.Services["demo/after"].Ready == 1 })
	if s := p.Services["demo/before"]; s.InFlight != 1 || s.Weighted || s.Drained() {
		t.Errorf("the Service that was left says %+v", s)
	}
	close(release)
	<-done
	w.await("the old Service gone", func(p plan.Plan) bool { _, there := p.Services["demo/before"]; return !there })
	if time.Since(p.Ingresses["demo/web"].Since) < 0 {
		t.Error("an Ingress is served since the future")
	}
}

func TestIdleConnectionsToAnEndpointThatLeftAreClosed(t *testing.T) {
	onBothPaths(t, testIdleConnectionsToAnEndpointThatLeftAreClosed)
}

func testIdleConnectionsToAnEndpointThatLeftAreClosed(t course) {
	w := newWorld(t, nil)
	closed := make(chan struct{}, 100)
	var used sync.Map // connections that carried a request; the probe's does not
	leaver := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	leaver.Config.ConnState = func(conn net.Conn, state http.ConnState) {
		if state == http.StateIdle {
			used.Store(conn, true)
		}
		if _, yes := used.Load(conn); yes && state == http.StateClosed {
			closed <- struct{}{}
		}
	}
	leaver.Start()
	defer leaver.Close()
	address := leaver.Listener.Addr().String()
	w.service("stable", address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	w.mustGet("/")
	w.removeEndpoint("stable", address)
	select {
	case <-closed:
	case <-time.After(patience):
		t.Error("the connection to an endpoint that is gone stays open")
	}
}

func TestProofOfAPodCountsForEveryServiceOfIt(t *testing.T) {
	onBothPaths(t, testProofOfAPodCountsForEveryServiceOfIt)
}

func testProofOfAPodCountsForEveryServiceOfIt(t course) {
	w := newWorld(t, nil)
	b := newBackend(t, "web", nil)
	w.service("web", b.address)
	w.service("web-stable", b.address)
	w.ingress("web", "web")
	w.ready(map[string]int{"web": 1})
	probing := false
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	following := make(chan struct{})
	go func() {
		defer close(following)
		_ = plan.Watch(ctx, http.DefaultClient, w.admin, func(e plan.Event) {
			stable := e.Plan.Services["demo/web-stable"]
			for _, end := range stable.Endpoints {
				probing = probing || end.State != plan.Ready
			}
			if stable.Ready == 1 {
				cancel()
			}
		})
	}()
	w.ingress("web", "web-stable")
	<-following
	if probing {
		t.Error("an endpoint that is proven for one Service is probed again for another")
	}
}

func TestPostsOfAllSizesArriveWhole(t *testing.T) { onBothPaths(t, testPostsOfAllSizesArriveWhole) }

func testPostsOfAllSizesArriveWhole(t course) {
	w := newWorld(t, nil)
	b := newBackend(t, "mirror", func(rw http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		_, _ = rw.Write(body)
	})
	w.service("stable", refusing(t), b.address)
	w.ingress("web", "stable")
	w.ready(map[string]int{"stable": 1})
	for _, size := range []int{1, holdUpTo - 1, holdUpTo, holdUpTo + 1, 1 << 20} {
		sent := strings.Repeat("x", size)
		if got, err := w.post(sent); err != nil || got != sent {
			t.Errorf("of %d bytes %d came back, error %v", size, len(got), err)
		}
	}
	got := w.raw("POST / HTTP/1.1\r\nHost: demo.example\r\nContent-Length: 10\r\n\r\nhalf")
	if strings.Contains(got, "200 OK") || b.hits.Load() != 5 {
		t.Errorf("half a body was answered with %q", got)
	}
}

// silent gives an address where connections are neither accepted nor refused: its queue is full, as that of a pod that is
// gone.
func silent(tb testing.TB) string {
	tb.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		tb.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		tb.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		tb.Fatal(err)
	}
	at, ok := name.(*syscall.SockaddrInet4)
	if !ok {
		tb.Fatalf("the address is a %T", name)
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(at.Port))
	for range 8 { // until one is not taken any more
		conn, err := net.DialTimeout("tcp", address, 200*time.Millisecond)
		if err != nil {
			break
		}
		tb.Cleanup(func() { conn.Close() })
	}
	return address
}

func TestWhoWaitsForAPodThatIsGoneGoesToAnotherOneAtOnce(t *testing.T) {
	onBothPaths(t, testWhoWaitsForAPodThatIsGoneGoesToAnotherOneAtOnce)
}

func testWhoWaitsForAPodThatIsGoneGoesToAnotherOneAtOnce(t course) {
	w := newWorld(t, nil)
	gone := silent(t)
	w.service("stable", gone)
	w.ingress("web", "stable", "proxy-connect-timeout", "60") // longer than the test waits for anything
	w.await("the endpoint", func(p plan.Plan) bool { return len(p.Services["demo/stable"].Endpoints) == 1 })
	answers := make(chan string, 1)
	go func() {
		status, body, err := w.get(http.DefaultClient, "/")
		answers <- fmt.Sprint(status, " ", body, " ", err)
	}()
	w.until("the request on its way", func(p plan.Plan) bool { return p.Services["demo/stable"].InFlight == 1 })
	good := newBackend(t, "good", nil)
	w.addEndpoint("stable", good.address)
	w.removeEndpoint("stable", gone)
	select {
	case got := <-answers:
		if got != "200 good <nil>" {
			t.Errorf("the answer is %s", got)
		}
	case <-time.After(patience):
		t.Error("the request still waits for the pod that is gone")
	}
}

func TestTheLastAttemptIsForAnotherVersion(t *testing.T) {
	onBothPaths(t, testTheLastAttemptIsForAnotherVersion)
}

func testTheLastAttemptIsForAnotherVersion(t course) {
	w := newWorld(t, nil)
	canary := newBackend(t, "canary", nil)
	w.service("stable", dying(t), dying(t), dying(t), dying(t))
	w.service("canary", canary.address)
	w.ingress("web", "stable")
	w.weight(1)
	w.ready(map[string]int{"stable": 4, "canary": 1})
	for range 20 {
		if got := w.mustGet("/"); got != "canary" {
			t.Fatalf("answer %q", got)
		}
	}
}
