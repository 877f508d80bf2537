// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	interop "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"
)

// service is the program over gRPC: the methods UnaryCall and FullDuplexCall of gRPC's interoperability service, whose payload is
// the version.
type service struct {
	interop.UnimplementedTestServiceServer
	demo *demo
}

// calls is the handler of gRPC's requests.
func (d *demo) calls() http.Handler {
	server := grpc.NewServer()
	interop.RegisterTestServiceServer(server, service{demo: d})
	return server
}

// isCall says that a request is one of gRPC.
func isCall(r *http.Request) bool {
	return r.ProtoMajor == 2 && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc")
}

// UnaryCall answers with the version.
func (s service) UnaryCall(context.Context, *interop.SimpleRequest) (*interop.SimpleResponse, error) {
	return &interop.SimpleResponse{Payload: s.payload(), Hostname: s.demo.hostname}, nil
}

// FullDuplexCall answers each message with the version until the client is done, or until the program is asked to end: then with
// status UNAVAILABLE, on which a client calls again.
func (s service) FullDuplexCall(stream grpc.BidiStreamingServer[interop.StreamingOutputCallRequest, interop.StreamingOutputCallResponse]) error {
	s.demo.streams.Add(1)
	defer s.demo.streams.Done()
	ended := make(chan error, 1)
	go func() { ended <- s.echo(stream) }()
	select {
	case err := <-ended:
		return err
	case <-s.demo.going:
		return status.Error(codes.Unavailable, goingAway)
	}
}

func (s service) echo(stream grpc.BidiStreamingServer[interop.StreamingOutputCallRequest, interop.StreamingOutputCallResponse]) error {
	for {
		if _, err := stream.Recv(); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := stream.Send(&interop.StreamingOutputCallResponse{Payload: s.payload()}); err != nil {
			return err
		}
	}
}

func (s service) payload() *interop.Payload { return &interop.Payload{Body: []byte(s.demo.answer)} }
