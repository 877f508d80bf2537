// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package apifault stands between a client and the API server and disturbs what goes through, as told: requests that are
// refused, slow, or carried out without an answer, watches that are late or end. It listens on loopback without
// authentication, as who it was configured to be; it is for tests only.
package apifault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Faults is what is done to requests. The zero value does nothing.
type Faults struct {
	// Every n-th request that is not a watch is disturbed by Status, Mute and Slow; 0 disturbs none, 1 all.
	Every int
	// Status answers in the API server's place, such as 429 or 503; 0 passes the request on.
	Status int
	// Mute passes the request on, and breaks the connection in place of the answer: what was asked is done, and the client
	// does not know.
	Mute bool
	// Slow is how long a disturbed request waits before anything else.
	Slow time.Duration
	// WatchLag is how late each event of a watch arrives, those of the open ones too.
	WatchLag time.Duration
	// WatchLife ends watches that are opened from now on after that time; 0 leaves them.
	WatchLife time.Duration
}

// Proxy is one such stand-in.
type Proxy struct {
	url     string
	server  *http.Server
	reverse *httputil.ReverseProxy

	mu        sync.Mutex
	faults    Faults
	seen      int
	disturbed int
	watches   map[int]context.CancelFunc
	next      int
}

// Start listens on a loopback port and passes requests on to the API server of cfg.
func Start(cfg *rest.Config) (*Proxy, error) {
	transport, err := rest.TransportFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("reaching the API server: %w", err)
	}
	target, err := url.Parse(cfg.Host)
	if err != nil {
		return nil, fmt.Errorf("reading the API server's address: %w", err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the API server's clients: %w", err)
	}
	p := &Proxy{url: "http://" + l.Addr().String(), watches: map[int]context.CancelFunc{}}
	p.reverse = &httputil.ReverseProxy{
		Rewrite:        func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:      transport,
		FlushInterval:  -1,
		ModifyResponse: p.delayWatch,
		ErrorHandler:   func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	p.server = &http.Server{Handler: http.HandlerFunc(p.serve), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = p.server.Serve(l) }() // until Close
	return p, nil
}

// URL is where the API server seems to be.
func (p *Proxy) URL() string { return p.url }

// Kubeconfig writes one that leads here into dir and returns its path.
func (p *Proxy) Kubeconfig(dir string) (string, error) {
	config := clientcmdapi.NewConfig()
	config.Clusters["it"] = &clientcmdapi.Cluster{Server: p.url}
	config.Contexts["it"] = &clientcmdapi.Context{Cluster: "it"}
	config.CurrentContext = "it"
	path := filepath.Join(dir, "kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return "", fmt.Errorf("writing a kubeconfig: %w", err)
	}
	return path, os.Chmod(path, 0o600)
}

// Set replaces the faults. Requests under way keep those that they met.
func (p *Proxy) Set(f Faults) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = f
}

// CutWatches ends all open watches, and returns how many there were.
func (p *Proxy) CutWatches() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, cancel := range p.watches {
		cancel()
	}
	return len(p.watches)
}

// Disturbed is how many requests were refused, muted or slowed so far.
func (p *Proxy) Disturbed() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.disturbed
}

// Close ends all that goes through.
func (p *Proxy) Close() error {
	if err := p.server.Close(); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	if isWatch(r) {
		p.watch(w, r)
		return
	}
	f := p.fate()
	if f.Slow > 0 {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(f.Slow):
		}
	}
	switch {
	case f.Status != 0:
		refuse(w, f.Status)
	case f.Mute:
		p.reverse.ServeHTTP(&silent{header: http.Header{}}, r)
		panic(http.ErrAbortHandler)
	default:
		p.reverse.ServeHTTP(w, r)
	}
}

// fate says what is done to a request; the zero value for one that is left alone.
func (p *Proxy) fate() Faults {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.faults.Every == 0 {
		return Faults{}
	}
	p.seen++
	if p.seen%p.faults.Every != 0 {
		return Faults{}
	}
	p.disturbed++
	return p.faults
}

// refuse answers as the API server does where it has too much to do, or something of it is broken.
func refuse(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "application/json")
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"disturbed on purpose","code":%d}`, status)
}

func (p *Proxy) watch(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	p.mu.Lock()
	if life := p.faults.WatchLife; life > 0 {
		ctx, cancel = context.WithTimeout(ctx, life)
		defer cancel()
	}
	id := p.next
	p.next++
	p.watches[id] = cancel
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.watches, id)
	}()
	p.reverse.ServeHTTP(w, r.WithContext(ctx))
}

func isWatch(r *http.Request) bool {
	on, err := strconv.ParseBool(r.URL.Query().Get("watch"))
	return err == nil && on
}

// delayWatch makes the events of a watch late by the lag of the time when they are due.
func (p *Proxy) delayWatch(resp *http.Response) error {
	if !isWatch(resp.Request) {
		return nil
	}
	late := &late{from: resp.Body, pieces: make(chan piece, 4096), gone: make(chan struct{}), lag: func() time.Duration {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.faults.WatchLag
	}}
	go late.follow()
	resp.Body = late
	return nil
}

// silent takes an answer that nobody hears.
type silent struct{ header http.Header }

func (s *silent) Header() http.Header         { return s.header }
func (s *silent) Write(b []byte) (int, error) { return len(b), nil }
func (s *silent) WriteHeader(int)             {}

// piece is what came at a time.
type piece struct {
	text []byte
	at   time.Time
	err  error
}

// late is a body whose parts arrive later than they came.
type late struct {
	from   io.ReadCloser
	pieces chan piece
	gone   chan struct{}
	once   sync.Once
	lag    func() time.Duration
	rest   []byte
}

func (l *late) follow() {
	for {
		buffer := make([]byte, 32<<10)
		n, err := l.from.Read(buffer)
		select {
		case l.pieces <- piece{buffer[:n], time.Now(), err}:
		case <-l.gone:
			return
		}
		if err != nil {
			return
		}
	}
}

// dueEvery is how often it is looked at whether a lag was changed.
const dueEvery = 20 * time.Millisecond

// Read implements io.Reader.
func (l *late) Read(b []byte) (int, error) {
	if len(l.rest) > 0 {
		n := copy(b, l.rest)
		l.rest = l.rest[n:]
		return n, nil
	}
	select {
	case <-l.gone:
		return 0, io.EOF
	case next := <-l.pieces:
		for time.Since(next.at) < l.lag() {
			select {
			case <-l.gone:
				return 0, io.EOF
			case <-time.After(dueEvery):
			}
		}
		n := copy(b, next.text)
		l.rest = next.text[n:]
		return n, next.err
	}
}

// Close implements io.Closer.
func (l *late) Close() error {
	l.once.Do(func() { close(l.gone) })
	return l.from.Close()
}
