// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
)

const (
	// holdUpTo is the largest body that is read in full before it is sent on, as nginx does with all of them. A slow client
	// then occupies no backend, and the body can be sent again when a connection turns out to be closed before it was used.
	holdUpTo = 64 << 10
	// pieceOfBody is how much of a streamed body is read at once for an attempt that can be canceled.
	pieceOfBody = 16 << 10
)

// payload is a request's body: none, held in full, or streamed.
type payload struct {
	held   []byte
	stream *streamed
}

// bodyOf reads a small body of known size, and leaves any other to be streamed.
func bodyOf(req *http.Request) (payload, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return payload{}, nil
	}
	if req.ContentLength <= 0 || req.ContentLength > holdUpTo {
		return payload{stream: newStreamed(req.Body)}, nil
	}
	held := make([]byte, req.ContentLength)
	if _, err := io.ReadFull(req.Body, held); err != nil {
		return payload{}, fmt.Errorf("%w: %w", errClientBody, err)
	}
	return payload{held: held}, nil
}

func (p *payload) empty() bool { return p.held == nil && p.stream == nil }

// again says that the body can be sent from its first byte on.
func (p *payload) again() bool { return p.stream == nil || p.stream.whole() }

// attach gives the request its body, for one attempt over HTTP/2 or HTTP/1.1.
func (p *payload) attach(req *http.Request, http2 bool) {
	switch {
	case p.empty():
		return
	case p.stream != nil:
		req.Body = &sending{streamed: p.stream, cancelable: http2}
	default:
		req.Body = io.NopCloser(bytes.NewReader(p.held))
		req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(p.held)), nil }
	}
	if http2 {
		// The transport asks for the body again only after a request that was not processed. It would go to the same endpoint,
		// after ever longer pauses; here it goes to another one at once.
		req.GetBody = func() (io.ReadCloser, error) { return nil, errNotProcessed }
	}
}
