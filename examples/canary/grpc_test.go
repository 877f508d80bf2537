// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"io"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	interop "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

func TestCallsAreAnsweredOnTheSamePortAndAStreamIsToldThatThePodEnds(t *testing.T) {
	address, terminate, ended := start(t, asIs)
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	client := interop.NewTestServiceClient(conn)
	answer, err := client.UnaryCall(t.Context(), &interop.SimpleRequest{})
	if err != nil || string(answer.GetPayload().GetBody()) != "Demo: V1" || answer.GetHostname() != "here" {
		t.Fatalf("the call is answered %v (%v), want Demo: V1 by here", answer, err)
	}
	if body, err := get(t.Context(), "http://"+address+"/version"); err != nil || body != "Demo: V1\n" {
		t.Errorf("a plain request beside it is answered %q (%v)", body, err)
	}
	stream, err := client.FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := stream.Send(&interop.StreamingOutputCallRequest{}); err != nil {
			t.Fatal(err)
		}
		message, err := stream.Recv()
		if err != nil || string(message.GetPayload().GetBody()) != "Demo: V1" {
			t.Fatalf("a message is answered %v (%v), want Demo: V1 for each", message, err)
		}
	}
	terminate()
	_, err = stream.Recv()
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "this pod is ending") {
		t.Errorf("the stream ended with %v, want UNAVAILABLE and why, on which clients call again", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("serve returned %v, want an orderly end", err)
	}
}

func TestAStreamThatTheClientEndsIsOver(t *testing.T) {
	address, terminate, ended := start(t, asIs)
	conn, err := grpc.NewClient("passthrough:///"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	stream, err := interop.NewTestServiceClient(conn).FullDuplexCall(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.CloseSend(); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		t.Errorf("the stream ended with %v, want the end of the answers", err)
	}
	terminate()
	if err := <-ended; err != nil {
		t.Errorf("serve returned %v, want an orderly end", err)
	}
}
