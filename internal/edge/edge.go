// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/clock"
	"sigs.k8s.io/gateway-api/pkg/client/clientset/versioned"

	"github.com/vela-rollouts/vela/internal/edge/balance"
	"github.com/vela-rollouts/vela/internal/edge/table"
)

// Edge is one replica of the gateway.
type Edge struct {
	config Config
	log    *slog.Logger
	clock  clock.PassiveClock

	source    *source
	prober    *prober
	publisher *publisher
	announcer *announcer
	memory    *memory
	snapshot  atomic.Pointer[snapshot]
	nowhere   *balance.Pool // stands in where a backend names no Service

	exchanges sync.Pool
	buffers   *buffers
	tunnels   *tunnels
	doors     *doors
	mirrored  chan struct{} // a place for each copy that is in flight
	scribe    *scribe
	access    *accessLog
	quiet     *log.Logger
	own       *tls.Certificate

	listeners [3]net.Listener // HTTP, HTTPS, admin
	ready     chan struct{}
	closing   chan struct{}
	stopping  atomic.Bool

	handedOver atomic.Int64 // connections, by the fast path to net/http
}

// New prepares an edge on a cluster. Nothing is opened and nothing is read before Run. gateways is for the objects of the Gateway
// API; nil: they are not served.
func New(cfg Config, client kubernetes.Interface, gateways versioned.Interface, log *slog.Logger) (*Edge, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Edge{
		config:    cfg,
		log:       log,
		clock:     clock.RealClock{},
		announcer: newAnnouncer(client, cfg.PublishAddress, log),
		memory:    newMemory(),
		nowhere:   balance.NewPool(&balance.Service{}),
		buffers:   newBuffers(),
		quiet:     discardLog(),
		doors:     newDoors(),
		mirrored:  make(chan struct{}, maxMirrored),
		ready:     make(chan struct{}),
		closing:   make(chan struct{}),
	}
	e.tunnels = newTunnels(func() { e.publisher.signal() })
	if e.source, err = newSource(client, cfg.IngressClass); err != nil {
		return nil, err
	}
	if gateways != nil {
		e.source.gateways = newGatewaySource(cfg, gateways, e.source, log)
		e.scribe = newScribe(gateways, cfg.GatewayController, e.source.gateways, e.clock, log)
	}
	if e.own, err = ownCertificate(e.clock.Now()); err != nil {
		return nil, err
	}
	if cfg.AccessLog != nil {
		e.access = &accessLog{out: cfg.AccessLog}
	}
	e.publisher = newPublisher(e.plan)
	e.exchanges.New = e.newExchange
	nothing := &table.Table{}
	e.snapshot.Store(&snapshot{table: nothing, router: table.NewRouter(nothing)})
	return e, nil
}

// Ready is closed when the first table is served.
func (e *Edge) Ready() <-chan struct{} { return e.ready }

// Addrs gives the addresses listened on, once Ready; nil for what is not served.
func (e *Edge) Addrs() (http, https, admin net.Addr) {
	var out [3]net.Addr
	for i, l := range e.listeners {
		if l != nil {
			out[i] = l.Addr()
		}
	}
	return out[0], out[1], out[2]
}

// Run serves until the context ends, then lets what is in flight finish for up to DrainTimeout. Ports are opened at once,
// so that a taken one is said at once; a connection that comes before the first table waits rather than get a 404.
func (e *Edge) Run(ctx context.Context) error {
	if err := e.listen(ctx); err != nil {
		return err
	}
	// The work behind the data path goes on while it drains.
	working, done := context.WithCancel(context.WithoutCancel(ctx))
	defer done()
	e.prober = newProber(working, e.publisher.signal)
	group, failing := errgroup.WithContext(ctx)
	admin := &http.Server{Handler: e.admin(), ReadHeaderTimeout: readHeaderTimeout, ErrorLog: e.quiet}
	group.Go(func() error { return serving(admin.Serve(e.listeners[2])) })
	servers := e.servers()
	fast := e.fastPath(servers[0])
	group.Go(func() error {
		defer e.stop(servers, admin) //nolint:contextcheck // it stops what the context let run
		if err := e.source.start(failing); err != nil {
			return ignoreStop(failing, err)
		}
		if err := e.rebuild(); err != nil { //nolint:contextcheck // probes live as long as the edge, not as long as what started them
			return err
		}
		close(e.ready)
		for i, s := range servers {
			if s == nil {
				continue
			}
			listener := e.listeners[i]
			if i == 1 {
				group.Go(func() error { return serving(s.ServeTLS(listener, "", "")) })
				continue
			}
			if fast != nil {
				group.Go(fast.serve)
				listener = fast.other
			}
			group.Go(func() error { return serving(s.Serve(listener)) })
		}
		group.Go(func() error { e.publisher.run(working); return nil })
		group.Go(func() error { e.announcer.run(failing); return nil })
		if e.scribe != nil {
			group.Go(func() error { e.scribe.run(failing); return nil })
		}
		e.log.Info("edge is serving", "http", addrText(e.listeners[0]), "https", addrText(e.listeners[1]), "admin", addrText(e.listeners[2]))
		err := e.follow(failing)
		e.drain(working, servers, fast)
		done()
		return err
	})
	return group.Wait()
}

// ignoreStop keeps a stop that came before the first table from looking like a failure.
func ignoreStop(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func serving(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func addrText(l net.Listener) string {
	if l == nil {
		return "off"
	}
	return l.Addr().String()
}

func (e *Edge) listen(ctx context.Context) error {
	for i, address := range []string{e.config.HTTPAddr, e.config.HTTPSAddr, e.config.AdminAddr} {
		if address == "" {
			continue
		}
		config := net.ListenConfig{}
		if i == 0 && !e.config.NoFastPath {
			config.KeepAlive = -1 // what needs probes gets them when it is handed over
			config.Control = deferAccept
		}
		l, err := config.Listen(ctx, "tcp", address)
		if err != nil {
			e.closeListeners()
			return fmt.Errorf("opening the edge's port: %w", err)
		}
		e.listeners[i] = l
	}
	return nil
}

func (e *Edge) closeListeners() {
	for _, l := range e.listeners {
		if l != nil {
			_ = l.Close()
		}
	}
}

// servers gives the server for each listener of requests, nil where there is none.
func (e *Edge) servers() [2]*http.Server {
	var out [2]*http.Server
	for i, scheme := range []string{"http", "https"} {
		if e.listeners[i] == nil {
			continue
		}
		key := table.DoorKey{Port: e.gatewayPort(i)}
		out[i] = e.server(&entrance{edge: e, scheme: scheme, port: portOf(e.listeners[i]), key: key, own: true})
	}
	return out
}

// server gives the server of one listener.
func (e *Edge) server(en *entrance) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	if en.scheme == "http" {
		protocols.SetUnencryptedHTTP2(true) // by prior knowledge, RFC 9113 section 3.3
	} else {
		protocols.SetHTTP2(true)
	}
	return &http.Server{
		Handler:           en,
		ReadHeaderTimeout: readHeaderTimeout,
		IdleTimeout:       clientIdle,
		MaxHeaderBytes:    maxHeaderBytes,
		Protocols:         protocols,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		TLSConfig:         &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: en.certificate},
		ErrorLog:          e.quiet,
	}
}

// fastPath gives the fast path before the server of plain HTTP, nil where there is none.
func (e *Edge) fastPath(server *http.Server) *express {
	if server == nil || e.config.NoFastPath {
		return nil
	}
	return newExpress(server.Handler.(*entrance), e.listeners[0])
}

func portOf(l net.Listener) string {
	if addr, ok := l.Addr().(*net.TCPAddr); ok {
		return strconv.Itoa(addr.Port)
	}
	return ""
}

// drain stops accepting, says goodbye on upgraded connections, and waits for what is in flight.
func (e *Edge) drain(ctx context.Context, servers [2]*http.Server, fast *express) {
	e.stopping.Store(true)
	ctx, cancel := context.WithTimeout(ctx, e.config.DrainTimeout)
	defer cancel()
	e.tunnels.leave()
	var group sync.WaitGroup
	for i, s := range servers {
		if s == nil {
			continue
		}
		group.Go(func() {
			if i == 0 && fast != nil {
				s.SetKeepAlivesEnabled(false) // it still takes what is handed over, and lets go of what has its answer
				fast.drain(ctx)
			}
			if err := s.Shutdown(ctx); err != nil {
				_ = s.Close()
			}
		})
	}
	group.Go(e.closeDoors)
	group.Wait()
	e.tunnels.wait(ctx)
	e.tunnels.cut()
}

// stop closes what drain leaves, in whatever state Run ends.
func (e *Edge) stop(servers [2]*http.Server, admin *http.Server) {
	e.stopping.Store(true)
	for _, s := range servers {
		if s != nil {
			_ = s.Close()
		}
	}
	e.closeDoors()
	close(e.closing)
	_ = admin.Close()
	e.closeListeners()
	e.announcer.queue.ShutDown()
	e.memory.mu.Lock()
	defer e.memory.mu.Unlock()
	for _, pool := range e.memory.pools {
		e.empty(pool)
	}
}
