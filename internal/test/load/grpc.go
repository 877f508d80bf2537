// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	interop "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

// callTimeout bounds one call, and one message of a stream.
const callTimeout = 15 * time.Second

// goingAway is what the demo says when it ends a stream because its pod ends: no failure, as the close frame of a WebSocket.
const goingAway = "this pod is ending"

// dialCalls makes a client of its own connection. No call of it is tried again: each that fails is to be seen.
func dialCalls(target Target) (*grpc.ClientConn, error) {
	conn, err := grpc.NewClient("passthrough:///"+target.Address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithAuthority(target.Host), grpc.WithDisableRetry(), grpc.WithNoProxy())
	if err != nil {
		return nil, fmt.Errorf("making a gRPC client of %s: %w", target.Address, err)
	}
	return conn, nil
}

// calls makes one unary call after another until ctx ends. One that is under way then is finished.
func (r *Run) calls(ctx context.Context, target Target, pause time.Duration) {
	conn, err := dialCalls(target)
	if err != nil {
		r.counter.record(Call, time.Now(), "", err)
		return
	}
	defer func() { _ = conn.Close() }()
	client := interop.NewTestServiceClient(conn)
	for ctx.Err() == nil {
		at := time.Now()
		version, err := call(context.WithoutCancel(ctx), client)
		r.counter.record(Call, at, version, err)
		rest(ctx, pause)
	}
}

// call makes one unary call and returns the version that answered.
func call(ctx context.Context, client interop.TestServiceClient) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answer, err := client.UnaryCall(ctx, &interop.SimpleRequest{})
	if err != nil {
		return "", err
	}
	return versionOf(string(answer.GetPayload().GetBody()))
}

// callStreams keeps one stream open and sends messages; an orderly end by the server opens the next one.
func (r *Run) callStreams(ctx context.Context, target Target, pause time.Duration) {
	conn, err := dialCalls(target)
	if err != nil {
		r.counter.record(CallStream, time.Now(), "", err)
		return
	}
	defer func() { _ = conn.Close() }()
	client := interop.NewTestServiceClient(conn)
	for ctx.Err() == nil {
		at := time.Now()
		if err := r.oneCallStream(ctx, client, pause); err != nil {
			r.counter.record(CallStream, at, "", err)
			rest(ctx, pause)
		}
	}
}

// oneCallStream lives until an orderly end (nil), the end of ctx (nil) or a failure.
func (r *Run) oneCallStream(ctx context.Context, client interop.TestServiceClient, pause time.Duration) error {
	open, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	stream, err := client.FullDuplexCall(open)
	if err != nil {
		return fmt.Errorf("opening: %w", err)
	}
	for ctx.Err() == nil {
		at := time.Now()
		late := time.AfterFunc(callTimeout, end)
		version, err := message(stream)
		late.Stop()
		if status.Code(err) == codes.Unavailable && strings.Contains(err.Error(), goingAway) {
			return nil
		}
		if err != nil {
			return err
		}
		r.counter.record(CallStream, at, version, nil)
		rest(ctx, pause)
	}
	return stream.CloseSend()
}

// message sends one message and reads its answer.
func message(stream grpc.BidiStreamingClient[interop.StreamingOutputCallRequest, interop.StreamingOutputCallResponse]) (string, error) {
	// Of a stream that has ended Send says only that it did; Recv says how.
	_ = stream.Send(&interop.StreamingOutputCallRequest{})
	answer, err := stream.Recv()
	if err != nil {
		return "", err
	}
	return versionOf(string(answer.GetPayload().GetBody()))
}

// CallOnce makes one unary call on a new connection and returns the version that answered.
func CallOnce(ctx context.Context, target Target) (string, error) {
	if err := checkLocal(target.Address); err != nil {
		return "", err
	}
	conn, err := dialCalls(target)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	return call(ctx, interop.NewTestServiceClient(conn))
}
