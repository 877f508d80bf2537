// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	interop "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"github.com/vela-rollouts/vela/internal/test/load"
)

// callee answers as the demo does; every third call fails if it is bad, and a stream ends with its message after three answers.
type callee struct {
	interop.UnimplementedTestServiceServer
	bad     bool
	goodbye string
	n       atomic.Int64
}

func (c *callee) UnaryCall(context.Context, *interop.SimpleRequest) (*interop.SimpleResponse, error) {
	if c.bad && c.n.Add(1)%3 == 0 {
		return nil, status.Error(codes.Internal, "bad luck")
	}
	return &interop.SimpleResponse{Payload: &interop.Payload{Body: []byte("Demo: V1")}}, nil
}

func (c *callee) FullDuplexCall(stream grpc.BidiStreamingServer[interop.StreamingOutputCallRequest, interop.StreamingOutputCallResponse]) error {
	for range 3 {
		if _, err := stream.Recv(); err != nil {
			return nil //nolint:nilerr // the client has gone
		}
		if err := stream.Send(&interop.StreamingOutputCallResponse{Payload: &interop.Payload{Body: []byte("Demo: V2")}}); err != nil {
			return err
		}
	}
	return status.Error(codes.Unavailable, c.goodbye)
}

func listen(t *testing.T, c *callee) load.Target {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	interop.RegisterTestServiceServer(server, c)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return load.Target{Address: listener.Addr().String(), Host: "demo.local"}
}

func TestCallsAndStreamsAreCounted(t *testing.T) {
	cases := map[string]struct {
		callee                *callee
		failsCall, failStream bool
	}{
		"good calls, and streams that end because the pod does": {&callee{goodbye: "this pod is ending"}, false, false},
		"every third call fails":                                {&callee{goodbye: "this pod is ending", bad: true}, true, false},
		"a stream that breaks off":                              {&callee{goodbye: "no healthy upstream"}, false, true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			target := listen(t, tc.callee)
			run, err := load.Start(t.Context(), target, load.Mix{Calls: 1, CallStreams: 1, Pause: time.Millisecond, MaxDuration: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			until(t, run, func(n load.Totals) bool { return n.ByKind[load.Call].Sent > 20 && n.ByKind[load.CallStream].Sent > 20 })
			got := run.Stop()
			if call, stream := got.ByKind[load.Call], got.ByKind[load.CallStream]; call.Failed > 0 != tc.failsCall || stream.Failed > 0 != tc.failStream {
				t.Errorf("%d of %d calls and %d of %d messages failed: %v", call.Failed, call.Sent, stream.Failed, stream.Sent, got.Failures)
			}
			if n := got.ByKind[load.Call]; got.ByVersion["V1"] != n.Sent-n.Failed || got.ByVersion["V2"] != 0 {
				t.Errorf("answers %v for %d calls; messages of streams do not count for shares", got.ByVersion, n.Sent)
			}
		})
	}
}
