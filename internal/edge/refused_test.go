// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop/grpc_testing"
)

// refuser is an HTTP/2 server that takes connections and looks at no request: it says so in one of HTTP/2's ways, of which
// RFC 9113 section 8.7 promises that the request may be sent again.
func refuser(t *testing.T, refuse func(*http2.Framer, uint32) error) (address string, refused *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused = &atomic.Int64{}
	var group sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		group.Wait()
	})
	serve := func(conn net.Conn) {
		defer conn.Close()
		stop := context.AfterFunc(t.Context(), func() { _ = conn.Close() })
		defer stop()
		if _, err := io.ReadFull(conn, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		framer := http2.NewFramer(conn, conn)
		if framer.WriteSettings() != nil {
			return
		}
		for {
			frame, err := framer.ReadFrame()
			if err != nil {
				return
			}
			if f, ok := frame.(*http2.SettingsFrame); ok && !f.IsAck() {
				if framer.WriteSettingsAck() != nil {
					return
				}
			}
			if f, ok := frame.(*http2.HeadersFrame); ok {
				refused.Add(1)
				if refuse(framer, f.StreamID) != nil {
					leave(conn)
					return
				}
			}
		}
	}
	group.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			group.Go(func() { serve(conn) })
		}
	})
	return l.Addr().String(), refused
}

// leave ends a connection as RFC 9112 section 9.6 advises: what still comes is read until the other side ends it too. To close at once
// would reset the connection and could take what was said from the other side before it is read.
func leave(conn net.Conn) {
	if conn.(*net.TCPConn).CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, conn)
	}
}

func TestACallThatABackendRefusesGoesToAnotherEndpoint(t *testing.T) {
	ways := map[string]func(*http2.Framer, uint32) error{
		"it goes away and has not looked at the call": func(f *http2.Framer, _ uint32) error {
			if err := f.WriteGoAway(0, http2.ErrCodeNo, nil); err != nil {
				return err
			}
			return io.EOF // and closes
		},
		"it refuses the stream": func(f *http2.Framer, stream uint32) error {
			return f.WriteRSTStream(stream, http2.ErrCodeRefusedStream)
		},
	}
	for name, refuse := range ways {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			server := grpc.NewServer()
			grpc_testing.RegisterTestServiceServer(server, testService{})
			go server.Serve(l)
			t.Cleanup(server.Stop)
			bad, refused := refuser(t, refuse)
			w.service("stable", l.Addr().String(), bad)
			w.ingress("web", "stable", "backend-protocol", "GRPC")
			w.ready(map[string]int{"stable": 2})
			conn, err := grpc.NewClient("passthrough:"+strings.TrimPrefix(w.url, "http://"), grpc.WithTransportCredentials(insecure.NewCredentials()),
				grpc.WithAuthority("demo.example"), grpc.WithDisableRetry())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			client := grpc_testing.NewTestServiceClient(conn)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			payload := &grpc_testing.Payload{Body: []byte(strings.Repeat("x", 10_000))}
			for i := range 10 {
				got, err := client.UnaryCall(ctx, &grpc_testing.SimpleRequest{Payload: payload})
				if err != nil || len(got.GetPayload().GetBody()) != len(payload.GetBody()) {
					t.Fatalf("call %d: answer of %d bytes, error %v", i, len(got.GetPayload().GetBody()), err)
				}
			}
			for i := range 10 {
				stream, err := client.FullDuplexCall(ctx)
				if err != nil {
					t.Fatalf("stream %d: %v", i, err)
				}
				for range 2 { // the client waits for each answer, its side of the stream stays open
					if err := stream.Send(&grpc_testing.StreamingOutputCallRequest{Payload: payload}); err != nil {
						t.Fatalf("stream %d: %v", i, err)
					}
					if _, err := stream.Recv(); err != nil {
						t.Fatalf("stream %d: %v", i, err)
					}
				}
				if err := stream.CloseSend(); err != nil {
					t.Fatal(err)
				}
			}
			if refused.Load() == 0 {
				t.Error("no call met the backend that refuses: nothing was tried")
			}
		})
	}
}
