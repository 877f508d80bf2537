// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package beside

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/valyala/fasthttp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"

	"github.com/vela-rollouts/vela/internal/edge"
)

// Host is what requests are for.
const Host = "demo.example"

// Child runs one of the processes that are measured, until it is asked to end: edge, edge-net-http and fasthttp take the
// address to listen on and those of the two backends, backend takes its address.
func Child(args []string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if len(args) == 2 && args[0] == "backend" {
		return backend(ctx, args[1])
	}
	if len(args) != 4 {
		return errors.New("it wants a kind and the addresses of itself and of two backends")
	}
	switch args[0] {
	case "edge":
		return serveEdge(ctx, edge.Config{HTTPAddr: args[1]}, args[2:])
	case "edge-net-http":
		return serveEdge(ctx, edge.Config{HTTPAddr: args[1], NoFastPath: true}, args[2:])
	case "fasthttp":
		return serveFasthttp(ctx, args[1], args[2:])
	}
	return fmt.Errorf("there is no %s", args[0])
}

// backend answers every request at once with the same bytes: 1 MB where the path is /large, 1 KB otherwise.
func backend(ctx context.Context, address string) error {
	l, err := listen(ctx, address)
	if err != nil {
		return err
	}
	small, large := answerOf(1<<10), answerOf(1<<20)
	for {
		conn, err := l.Accept()
		if err != nil {
			return endOf(ctx, err)
		}
		go func() {
			defer func() { _ = conn.Close() }()
			in, n := make([]byte, 8<<10), 0
			for {
				got, err := conn.Read(in[n:])
				if n += got; err != nil {
					return
				}
				if !bytes.HasSuffix(in[:n], []byte("\r\n\r\n")) {
					continue
				}
				answer := small
				if bytes.HasPrefix(in, []byte("GET /large ")) {
					answer = large
				}
				if n = 0; write(conn, answer) != nil {
					return
				}
			}
		}()
	}
}

func write(conn net.Conn, b []byte) error {
	_, err := conn.Write(b)
	return err
}

func answerOf(size int) []byte {
	head := "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\nContent-Length: " + strconv.Itoa(size) + "\r\n\r\n"
	return []byte(head + strings.Repeat("x", size))
}

// listen listens until the context ends.
func listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err == nil {
		context.AfterFunc(ctx, func() { _ = l.Close() })
	}
	return l, err
}

func endOf(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// serveEdge runs the edge on a cluster that is an Ingress and its canary of weight 20.
func serveEdge(ctx context.Context, config edge.Config, backends []string) error {
	config.AdminAddr = "127.0.0.1:0"
	var objects []runtime.Object
	for i, name := range []string{"stable", "canary"} {
		host, portText, err := net.SplitHostPort(backends[i])
		if err != nil {
			return fmt.Errorf("the address of a backend: %w", err)
		}
		number, err := strconv.ParseInt(portText, 10, 32)
		if err != nil {
			return fmt.Errorf("the port of a backend: %w", err)
		}
		port := int32(number)
		meta := metav1.ObjectMeta{Namespace: "demo", Name: name, UID: "uid-1", ResourceVersion: "1", Labels: map[string]string{discoveryv1.LabelServiceName: name}}
		objects = append(objects, ingress(name),
			&corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 80}}}},
			&discoveryv1.EndpointSlice{
				ObjectMeta: meta, AddressType: discoveryv1.AddressTypeIPv4, Ports: []discoveryv1.EndpointPort{{Port: &port}},
				Endpoints: []discoveryv1.Endpoint{{Addresses: []string{host}}},
			})
	}
	e, err := edge.New(config, fake.NewClientset(objects...), nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("making the edge: %w", err)
	}
	return e.Run(ctx)
}

func ingress(service string) *networkingv1.Ingress {
	class, kind := "nginx", networkingv1.PathTypePrefix
	ing := &networkingv1.Ingress{
		ObjectMeta: metav1.ObjectMeta{Namespace: "demo", Name: service, UID: "uid-1", ResourceVersion: "1"},
		Spec: networkingv1.IngressSpec{IngressClassName: &class, Rules: []networkingv1.IngressRule{{
			Host: Host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{{
				Path: "/", PathType: &kind,
				Backend: networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{Name: service, Port: networkingv1.ServiceBackendPort{Number: 80}}},
			}}}},
		}}},
	}
	if service == "canary" {
		ing.Annotations = map[string]string{"nginx.ingress.kubernetes.io/canary": "true", "nginx.ingress.kubernetes.io/canary-weight": "20"}
	}
	return ing
}

// serveFasthttp is the least that one would write on valyala/fasthttp: its server before its client.
func serveFasthttp(ctx context.Context, address string, backends []string) error {
	l, err := listen(ctx, address)
	if err != nil {
		return err
	}
	stable, canary := &fasthttp.HostClient{Addr: backends[0], MaxConns: 4096}, &fasthttp.HostClient{Addr: backends[1], MaxConns: 4096}
	var turn atomic.Uint64
	server := &fasthttp.Server{Handler: func(c *fasthttp.RequestCtx) {
		client := stable
		if turn.Add(1)%5 == 0 {
			client = canary
		}
		c.Request.Header.Set("X-Forwarded-For", c.RemoteIP().String())
		c.Request.Header.SetBytesV("X-Forwarded-Host", c.Host())
		c.Request.Header.Set("X-Forwarded-Proto", "http")
		if err := client.Do(&c.Request, &c.Response); err != nil {
			c.SetStatusCode(fasthttp.StatusBadGateway)
		}
	}}
	return endOf(ctx, server.Serve(l))
}
