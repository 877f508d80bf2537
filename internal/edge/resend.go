// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"errors"
	"io"
	"sync"
)

// errNotProcessed is what an attempt over HTTP/2 ends with when the backend said that it has not looked at the request: it
// refused the stream, or went away before it (RFC 9113 section 8.7). Then any request may be sent again.
var errNotProcessed = errors.New("the backend has not processed the request")

// errAttemptOver ends what a transport still wants of the body when its attempt is over.
var errAttemptOver = errors.New("the attempt to send the request is over")

// streamed is a request's body that arrives while it is sent on: a large one, or that of a gRPC call. It outlives attempts that
// fail; what was read of it is kept as long as it is little, for the next one.
type streamed struct {
	from io.ReadCloser

	mu      sync.Mutex
	changed sync.Cond
	kept    []byte // what was read, from the first byte on unless begun
	begun   bool   // some of it is not kept any more: it can't be sent again
	err     error  // what follows after kept
	pulling bool
	piece   []byte // of whoever pulls
}

func newStreamed(from io.ReadCloser) *streamed {
	s := &streamed{from: from}
	s.changed.L = &s.mu
	return s
}

// whole says that the body can still be sent from its first byte on.
func (s *streamed) whole() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.begun
}

// broken says that the client's body ended early, or that its chunks were malformed.
func (s *streamed) broken() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err != nil && !errors.Is(s.err, io.EOF)
}

// sending is the body as one attempt reads it. Over HTTP/2 a transport waits at the end of a failed attempt until nobody reads the
// body any more: there the attempt is cancelable, and its Close ends a Read that waits for the client.
type sending struct {
	*streamed
	at         int // in kept
	cancelable bool
	closed     bool
}

// Read implements io.Reader.
func (b *sending) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		switch {
		case b.closed:
			return 0, errAttemptOver
		case b.at < len(b.kept):
			n := copy(p, b.kept[b.at:])
			b.at += n
			return n, nil
		case b.err != nil:
			return 0, b.err
		case b.pulling:
			b.changed.Wait()
		case b.cancelable:
			if len(b.kept) > holdUpTo {
				b.begun, b.kept, b.at = true, b.kept[:0], 0
			}
			b.pulling = true
			go b.pull()
		default:
			return b.direct(p)
		}
	}
}

// pull reads a piece of the body for whichever attempt wants it next.
func (s *streamed) pull() {
	if s.piece == nil {
		s.piece = make([]byte, pieceOfBody)
	}
	n, err := s.from.Read(s.piece)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kept, s.err, s.pulling = append(s.kept, s.piece[:n]...), err, false
	s.changed.Broadcast()
}

// direct reads past what is kept, without a copy. The caller holds mu.
func (b *sending) direct(p []byte) (int, error) {
	b.begun, b.pulling = true, true
	b.mu.Unlock()
	n, err := b.from.Read(p)
	b.mu.Lock()
	b.err, b.pulling = err, false
	b.changed.Broadcast()
	return n, err
}

// Close ends the attempt, and leaves the body open for the next one; the ReverseProxy closes it when the exchange is over.
func (b *sending) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.changed.Broadcast()
	return nil
}
