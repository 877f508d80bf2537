// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/balance"
)

// goodbyeLimit is how long a backend may take to take a goodbye.
const goodbyeLimit = time.Second

// tunnels are the upgraded connections that are open. net/http forgets about them once they are handed over.
type tunnels struct {
	mu       sync.Mutex
	open     map[*tunnel]bool
	stopping bool
	closed   chan struct{} // filled whenever one closes
	left     func()        // called when one closes that was told goodbye; it must not block
}

func newTunnels(left func()) *tunnels {
	return &tunnels{open: map[*tunnel]bool{}, closed: make(chan struct{}, 1), left: left}
}

// wait returns when no tunnel is open or the context ends.
func (a *tunnels) wait(ctx context.Context) {
	for {
		a.mu.Lock()
		n := len(a.open)
		a.mu.Unlock()
		if n == 0 {
			return
		}
		select {
		case <-a.closed:
		case <-ctx.Done():
			return
		}
	}
}

// tunnel is the backend's side of an upgraded connection. For WebSocket it follows the frames in both directions, so that
// a stop can say goodbye between two of them. One goroutine reads and another writes; neither ever waits for the other.
type tunnel struct {
	io.ReadWriteCloser
	all       *tunnels
	pod       string // as podOf names it
	websocket bool
	leaving   atomic.Bool
	closing   sync.Once

	toClient frames // of the goroutine that reads
	goodbye  []byte // what the client still has to read of it
	said     bool

	writing   sync.Mutex
	toBackend frames

	mu     sync.Mutex
	client net.Conn
}

// open wraps the connection of a 101 answer.
func (x *exchange) open(resp *http.Response) {
	backend, ok := resp.Body.(io.ReadWriteCloser)
	if !ok {
		return // the ReverseProxy has the words for it
	}
	t := &tunnel{
		ReadWriteCloser: backend,
		all:             x.edge.tunnels,
		pod:             podOf(x.held, x.endpoint),
		websocket:       strings.EqualFold(resp.Header.Get("Upgrade"), "websocket"),
	}
	x.tunnel, x.upgraded = t, true
	x.recorder.upgraded = t.setClient
	resp.Body = t
	t.all.add(t)
	// From here on it is the pod's and no more the Service's: a later release may give the Service other pods.
	x.held.Leave()
	if !x.held.Weighted() { // it opened on the old side of a change of the table
		x.edge.memory.mu.Lock()
		defer x.edge.memory.mu.Unlock()
		x.edge.farewell()
	}
}

// podOf names the pod of an endpoint, the same whatever Service and port lead there; its address where it has no pod.
func podOf(service *balance.Service, end *balance.Endpoint) string {
	if end.Pod == "" {
		return end.Address
	}
	namespace, _, _ := strings.Cut(service.Name, "/")
	return namespace + "/" + end.Pod
}

// farewell says goodbye on the tunnels to pods that no route can send a request any more: a version that goes away takes
// nobody along, and who was connected to it connects anew to one that stays. The caller holds memory.mu.
func (e *Edge) farewell() {
	if len(e.tunnels.byPod()) == 0 {
		return
	}
	served := map[string]bool{}
	for _, pool := range e.memory.pools {
		if !pool.Service.Weighted() {
			continue
		}
		for _, end := range pool.Endpoints() {
			if end.Condition() != balance.Gone {
				served[podOf(pool.Service, end)] = true
			}
		}
	}
	e.tunnels.mu.Lock()
	defer e.tunnels.mu.Unlock()
	for t := range e.tunnels.open {
		if !served[t.pod] {
			go t.leave() // whoever is slow to take the goodbye holds nothing up
		}
	}
}

// byPod counts the tunnels to each pod.
func (a *tunnels) byPod() map[string]int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := map[string]int64{}
	for t := range a.open {
		out[t.pod]++
	}
	return out
}

func (t *tunnel) setClient(conn net.Conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.client = conn
}

func (a *tunnels) add(t *tunnel) {
	a.mu.Lock()
	a.open[t] = true
	stopping := a.stopping
	a.mu.Unlock()
	if stopping {
		t.leave()
	}
}

// leave says goodbye on every tunnel: a WebSocket gets a close frame with status 1001 (going away, RFC 6455 section 7.4.1)
// on both sides, other protocols the end of the stream.
func (a *tunnels) leave() {
	a.mu.Lock()
	a.stopping = true
	all := make([]*tunnel, 0, len(a.open))
	for t := range a.open {
		all = append(all, t)
	}
	a.mu.Unlock()
	for _, t := range all {
		t.leave()
	}
}

// cut closes what is still open.
func (a *tunnels) cut() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for t := range a.open {
		t.end()
		t.mu.Lock()
		if t.client != nil {
			_ = t.client.Close()
		}
		t.mu.Unlock()
	}
}

// leave begins the end of one tunnel.
func (t *tunnel) leave() {
	if t.leaving.Swap(true) {
		return
	}
	defer time.AfterFunc(goodbyeLimit, t.end).Stop()
	// When somebody is writing, a frame is half sent and there is no place for another.
	if t.websocket && t.writing.TryLock() {
		if t.toBackend.between() {
			// A client masks its frames (RFC 6455 section 5.3); the mask of zeros leaves the payload as it is. The
			// connection is about to close: an error changes nothing.
			_, _ = t.ReadWriteCloser.Write([]byte{0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9})
		}
		t.writing.Unlock()
	}
	t.end() // wakes the goroutine that reads, which then says goodbye to the client
}

func (t *tunnel) end() { t.closing.Do(func() { _ = t.ReadWriteCloser.Close() }) }

// Read gives what the backend sends, and after leave the goodbye and the end.
func (t *tunnel) Read(b []byte) (int, error) {
	if len(t.goodbye) > 0 {
		n := copy(b, t.goodbye)
		t.goodbye = t.goodbye[n:]
		return n, nil
	}
	n, err := t.ReadWriteCloser.Read(b)
	if n > 0 && t.websocket {
		t.toClient.pass(b[:n])
	}
	if n > 0 || err == nil || !t.leaving.Load() {
		return n, err
	}
	if t.websocket && t.toClient.between() && !t.said {
		t.said = true
		t.goodbye = []byte{0x88, 2, 0x03, 0xe9} // FIN and close, two bytes: 1001
		return t.Read(b)
	}
	return 0, io.EOF
}

// Write gives the backend what the client sends.
func (t *tunnel) Write(b []byte) (int, error) {
	t.writing.Lock()
	defer t.writing.Unlock()
	if t.leaving.Load() {
		return len(b), nil // the client's answer to the goodbye; nobody is left to hear it
	}
	n, err := t.ReadWriteCloser.Write(b)
	if t.websocket {
		t.toBackend.pass(b[:n])
	}
	return n, err
}

// Close ends the tunnel.
func (t *tunnel) Close() error {
	t.all.mu.Lock()
	delete(t.all.open, t)
	t.all.mu.Unlock()
	select {
	case t.all.closed <- struct{}{}:
	default:
	}
	t.end()
	if t.leaving.Load() {
		t.all.left()
	}
	return nil
}

// frames follows the frames of one direction of a WebSocket (RFC 6455 section 5.2).
type frames struct {
	header  [14]byte
	have    int
	payload uint64 // of the frame that is passing, still to come
}

// between tells that no frame is half sent.
func (f *frames) between() bool { return f.have == 0 && f.payload == 0 }

func (f *frames) pass(b []byte) {
	for len(b) > 0 {
		if f.payload > 0 {
			n := min(uint64(len(b)), f.payload)
			f.payload -= n
			b = b[n:]
			continue
		}
		f.header[f.have] = b[0]
		f.have++
		b = b[1:]
		if f.have >= 2 && f.have == f.headerLength() {
			f.payload = f.length()
			f.have = 0
		}
	}
}

func (f *frames) headerLength() int {
	n := 2
	switch f.header[1] & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if f.header[1]&0x80 != 0 {
		n += 4
	}
	return n
}

func (f *frames) length() uint64 {
	size := 0
	switch short := f.header[1] & 0x7f; short {
	case 126:
		size = 2
	case 127:
		size = 8
	default:
		return uint64(short)
	}
	var n uint64
	for _, b := range f.header[2 : 2+size] {
		n = n<<8 | uint64(b)
	}
	return n
}
