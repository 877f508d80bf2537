// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Target is where requests go. Address must be a loopback address or one of a network made on this machine by the caller.
type Target struct {
	// Address is host:port to connect to.
	Address string
	// Host is the Host header.
	Host string
	// Path of plain requests and of the WebSocket. Calls of gRPC have their own.
	Path string
}

// Mix is how much of each kind is sent; the zero value of a field sends none of it.
type Mix struct {
	// NewConnections, KeptAlive, WebSockets, SlowBodies, Calls and CallStreams are numbers of concurrent clients.
	NewConnections, KeptAlive, WebSockets, SlowBodies, Calls, CallStreams int
	// Pause of a client between an answer and the next request.
	Pause time.Duration
	// MaxDuration ends the run by itself.
	MaxDuration time.Duration
}

// DefaultMix is the constant load of end-to-end tests: about a thousand requests a second on two cores.
func DefaultMix() Mix {
	return Mix{NewConnections: 3, KeptAlive: 6, WebSockets: 2, SlowBodies: 4, Pause: 8 * time.Millisecond, MaxDuration: 10 * time.Minute}
}

// Run is traffic under way.
type Run struct {
	counter *counter
	stop    context.CancelFunc
	done    sync.WaitGroup
}

// Start begins to send. It refuses an address that is not on this machine's loopback or a private bridge.
func Start(ctx context.Context, target Target, mix Mix) (*Run, error) {
	if err := checkLocal(target.Address); err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(ctx, mix.MaxDuration)
	r := &Run{counter: newCounter(), stop: stop}
	spawn := func(n int, worker func(context.Context)) {
		for range n {
			r.done.Go(func() { worker(ctx) })
		}
	}
	spawn(mix.NewConnections, func(ctx context.Context) { r.requests(ctx, target, NewConnection, mix.Pause) })
	spawn(mix.KeptAlive, func(ctx context.Context) { r.requests(ctx, target, KeptAlive, mix.Pause) })
	spawn(mix.SlowBodies, func(ctx context.Context) { r.requests(ctx, target, SlowBody, mix.Pause) })
	spawn(mix.WebSockets, func(ctx context.Context) { r.webSockets(ctx, target, mix.Pause) })
	spawn(mix.Calls, func(ctx context.Context) { r.calls(ctx, target, mix.Pause) })
	spawn(mix.CallStreams, func(ctx context.Context) { r.callStreams(ctx, target, mix.Pause) })
	return r, nil
}

// Snapshot is what was counted so far.
func (r *Run) Snapshot() Totals { return r.counter.snapshot() }

// Stop ends the traffic, lets requests under way finish, and returns the totals.
func (r *Run) Stop() Totals {
	r.stop()
	r.done.Wait()
	return r.counter.snapshot()
}

// checkLocal keeps load on this machine: the address must be one of its own interfaces.
func checkLocal(address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("load target %q: %w", address, err)
	}
	ip := net.ParseIP(host)
	if ip != nil && ip.IsLoopback() {
		return nil
	}
	own, err := net.InterfaceAddrs()
	if err != nil {
		return fmt.Errorf("listing this machine's addresses: %w", err)
	}
	for _, a := range own {
		if n, ok := a.(*net.IPNet); ok && ip != nil && n.IP.Equal(ip) {
			return nil
		}
	}
	return fmt.Errorf("load target %q is not an address of this machine", address)
}

// requests sends one plain request after another until ctx ends. A request that is under way then is finished.
func (r *Run) requests(ctx context.Context, target Target, kind Kind, pause time.Duration) {
	transport := &http.Transport{DisableKeepAlives: kind == NewConnection, MaxIdleConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 15 * time.Second}
	for ctx.Err() == nil {
		at := time.Now()
		version, err := ask(context.WithoutCancel(ctx), client, target, kind)
		r.counter.record(kind, at, version, err)
		rest(ctx, pause)
	}
}

// ask sends one request and returns the version that answered, the part after "Demo: ".
func ask(ctx context.Context, client *http.Client, target Target, kind Kind) (string, error) {
	method, body := http.MethodGet, io.Reader(nil)
	if kind == SlowBody {
		method, body = http.MethodPost, &slowly{left: slowPieces}
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+target.Address+target.Path, body)
	if err != nil {
		return "", err
	}
	req.Host = target.Host
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return "", fmt.Errorf("reading the answer: %w", err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("status %d: %s", resp.StatusCode, strings.TrimSpace(string(answer)))
	}
	return versionOf(string(answer))
}

// A slow body is that many pieces with a rest after each.
const (
	slowPieces = 8
	slowRest   = 100 * time.Millisecond
)

// slowly is a body that takes its time.
type slowly struct{ left int }

// Read implements io.Reader.
func (s *slowly) Read(p []byte) (int, error) {
	if s.left == 0 {
		return 0, io.EOF
	}
	s.left--
	time.Sleep(slowRest)
	return copy(p, "a small piece of a body\n"), nil
}

// versionOf reads "Demo: V1", the first line of an answer, and returns "V1".
func versionOf(body string) (string, error) {
	line, _, _ := strings.Cut(strings.TrimSpace(body), "\n")
	version, ok := strings.CutPrefix(line, "Demo: ")
	if !ok {
		return "", fmt.Errorf("unexpected answer %q", body)
	}
	return version, nil
}

// webSockets keeps one WebSocket open and sends messages; a clean close by the server opens the next one.
func (r *Run) webSockets(ctx context.Context, target Target, pause time.Duration) {
	for ctx.Err() == nil {
		at := time.Now()
		if err := r.oneWebSocket(ctx, target, pause); err != nil {
			r.counter.record(WebSocket, at, "", err)
			rest(ctx, pause)
		}
	}
}

// oneWebSocket lives until a clean close (nil), the end of ctx (nil) or a failure.
func (r *Run) oneWebSocket(ctx context.Context, target Target, pause time.Duration) error {
	calm := context.WithoutCancel(ctx)
	dialing, cancel := context.WithTimeout(calm, 15*time.Second)
	defer cancel()
	conn, resp, err := websocket.Dial(dialing, "ws://"+target.Address+target.Path, &websocket.DialOptions{Host: target.Host})
	if err != nil {
		if resp != nil {
			return fmt.Errorf("opening: status %d: %w", resp.StatusCode, err)
		}
		return fmt.Errorf("opening: %w", err)
	}
	defer conn.CloseNow()
	for ctx.Err() == nil {
		at := time.Now()
		version, err := exchange(calm, conn)
		if closedCleanly(err) {
			return nil
		}
		if err != nil {
			return err
		}
		r.counter.record(WebSocket, at, version, nil)
		rest(ctx, pause)
	}
	if err := conn.Close(websocket.StatusNormalClosure, ""); err != nil && !closedCleanly(err) {
		return fmt.Errorf("closing: %w", err)
	}
	return nil
}

// exchange sends one message and reads its answer.
func exchange(ctx context.Context, conn *websocket.Conn) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	if err := conn.Write(ctx, websocket.MessageText, []byte("version")); err != nil {
		// The write may fail because the close frame is already here: reading tells.
		_, _, readErr := conn.Read(ctx)
		return "", errors.Join(readErr, fmt.Errorf("sending a message: %w", err))
	}
	_, answer, err := conn.Read(ctx)
	if err != nil {
		return "", fmt.Errorf("reading a message: %w", err)
	}
	return versionOf(string(answer))
}

func closedCleanly(err error) bool {
	status := websocket.CloseStatus(err)
	return status == websocket.StatusNormalClosure || status == websocket.StatusGoingAway
}

// rest waits for d or the end of ctx.
func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// Once sends one request on a new connection and returns the version that answered.
func Once(ctx context.Context, target Target) (string, error) {
	if err := checkLocal(target.Address); err != nil {
		return "", err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 15 * time.Second}
	return ask(ctx, client, target, NewConnection)
}
