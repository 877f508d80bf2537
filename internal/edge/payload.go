// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
)

// holdUpTo is the largest body that is read in full before it is sent on, as nginx does with all of them. A slow client
// then occupies no backend, and the body can be sent again when a connection turns out to be closed before it was used.
const holdUpTo = 64 << 10

// payload is a request's body: none, held in full, or streamed.
type payload struct {
	held   []byte
	stream *untouched
}

// bodyOf reads a small body of known size, and leaves any other to be streamed.
func bodyOf(req *http.Request) (payload, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return payload{}, nil
	}
	if req.ContentLength <= 0 || req.ContentLength > holdUpTo {
		return payload{stream: &untouched{ReadCloser: req.Body}}, nil
	}
	held := make([]byte, req.ContentLength)
	if _, err := io.ReadFull(req.Body, held); err != nil {
		return payload{}, fmt.Errorf("%w: %w", errClientBody, err)
	}
	return payload{held: held}, nil
}

func (p *payload) empty() bool { return p.held == nil && p.stream == nil }

// attach gives the request its body, for one attempt.
func (p *payload) attach(req *http.Request) {
	if p.stream != nil {
		req.Body = p.stream
		return
	}
	if p.held == nil {
		return
	}
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(p.held)), nil }
	req.Body = io.NopCloser(bytes.NewReader(p.held))
}

// untouched is a request body that outlives failed attempts and knows whether one has read from it.
type untouched struct {
	io.ReadCloser
	read   atomic.Bool
	broken atomic.Bool // the client's body ended early, or its chunks were malformed
}

func (b *untouched) Read(p []byte) (int, error) {
	b.read.Store(true)
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		b.broken.Store(true)
	}
	return n, err
}

// Close leaves the body open for the next attempt; the ReverseProxy closes it when the exchange is over.
func (b *untouched) Close() error { return nil }
