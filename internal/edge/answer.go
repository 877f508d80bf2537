// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/vela-rollouts/vela/internal/edge/wire"
)

// pass passes the answer on whose head has been heard. Each piece goes to the client as it comes.
func (c *client) pass() error {
	c.tally()
	a := &c.answer
	c.status = a.Status
	b := c.appendFields(appendStatus(c.out[:0], a.Status))
	if !a.Has(wire.Date) {
		b = c.appendDate(b)
	}
	head := string(c.request.Method) == http.MethodHead
	bodiless := a.Status == http.StatusNoContent || a.Status == http.StatusNotModified
	switch {
	case bodiless:
	case a.Length >= 0:
		b = strconv.AppendInt(append(b, "Content-Length: "...), a.Length, 10)
		b = append(b, '\r', '\n')
	case !head:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	}
	c.out = c.appendEnd(b)
	first := c.back[c.heard.head:c.heard.to]
	switch {
	case bodiless || head:
		return c.last(len(first) == 0, c.out)
	case a.Chunked:
		return c.passChunks(first)
	case a.Length >= 0:
		return c.passLength(first, a.Length)
	}
	return c.passAll(first)
}

// passLength passes a body of known length on, of which the first piece is there.
func (c *client) passLength(first []byte, left int64) error {
	clean := int64(len(first)) <= left // what comes after the answer is an answer to nothing
	first = first[:min(int64(len(first)), left)]
	c.bytes += int64(len(first))
	c.out = append(c.out, first...)
	if left -= int64(len(first)); left == 0 {
		return c.last(clean, c.out)
	}
	if err := c.flush(c.out); err != nil {
		return err
	}
	u := upstreamOf(c.endpoint)
	buffer := c.edge.buffers.Get()
	defer c.edge.buffers.Put(buffer)
	for {
		n, err := c.listen(u, buffer)
		piece := buffer[:min(int64(n), left)]
		c.bytes += int64(len(piece))
		if left -= int64(len(piece)); left == 0 {
			return c.last(len(piece) == n, piece)
		}
		if n > 0 {
			if err := c.flush(piece); err != nil {
				return err
			}
		}
		if err != nil {
			return noEOF(err)
		}
	}
}

// passChunks passes a chunked body on, and its trailers.
func (c *client) passChunks(piece []byte) error {
	u := upstreamOf(c.endpoint)
	buffer := c.edge.buffers.Get()
	defer c.edge.buffers.Put(buffer)
	var chunks wire.Chunks
	for {
		for len(piece) > 0 && !chunks.Done() {
			data, n, err := chunks.Next(piece)
			if err != nil {
				return err
			}
			if piece = piece[n:]; len(data) > 0 {
				c.out = wire.AppendChunk(c.out, data)
				c.bytes += int64(len(data))
			}
		}
		if chunks.Done() {
			var err error
			if c.out, err = chunks.AppendTrailers(append(c.out, "0\r\n"...)); err != nil {
				return err
			}
			c.out = append(c.out, '\r', '\n')
			return c.last(len(piece) == 0, c.out)
		}
		if err := c.flush(c.out); err != nil {
			return err
		}
		c.out = c.out[:0]
		n, err := c.listen(u, buffer)
		if n == 0 && err != nil {
			return noEOF(err)
		}
		piece = buffer[:n]
	}
}

// passAll passes on what comes until the backend closes the connection.
func (c *client) passAll(piece []byte) error {
	u := upstreamOf(c.endpoint)
	buffer := c.edge.buffers.Get()
	defer c.edge.buffers.Put(buffer)
	for {
		if len(piece) > 0 {
			c.out = wire.AppendChunk(c.out, piece)
			c.bytes += int64(len(piece))
		}
		if err := c.flush(c.out); err != nil {
			return err
		}
		c.out = c.out[:0]
		n, err := c.listen(u, buffer)
		if piece = buffer[:n]; n > 0 {
			continue
		}
		if errors.Is(err, io.EOF) && !c.watch.gone() {
			c.out = append(c.out, "0\r\n\r\n"...)
			return c.last(false, c.out)
		}
		if err != nil {
			return err
		}
	}
}

// flush sends a piece of an answer to the client.
func (c *client) flush(piece []byte) error {
	if len(piece) == 0 {
		return nil
	}
	if _, err := c.conn.Write(piece); err != nil {
		c.watch.left.Store(true)
		return errClientGone
	}
	return nil
}

// errCounted says that the connection to the client broke when its request was counted already.
var errCounted = errors.New("the last piece of an answer was not taken")

// last finishes the request, of which the backend has no more part, and sends the last piece of the answer. The line rests
// where its answer ended clean.
func (c *client) last(clean bool, piece []byte) error {
	c.watch.stop(c)
	if clean && !c.answer.Close && !c.watch.gone() {
		upstreamOf(c.endpoint).lane.put(c.line, c.started)
		c.line = nil
	}
	c.finish(c.status)
	if len(piece) == 0 {
		return nil
	}
	if _, err := c.conn.Write(piece); err != nil {
		return errCounted
	}
	return nil
}

// appendFields appends the fields of the answer that are for the client.
func (c *client) appendFields(b []byte) []byte {
	a := &c.answer
	pragma, cached := false, false
	for i := range a.Fields {
		f := &a.Fields[i]
		switch {
		case f.Known == wire.Trailer && a.Chunked:
		case !a.Passes(f), f.Known == wire.ContentType && a.Status == http.StatusNotModified:
			continue
		}
		pragma = pragma || f.Known == wire.Pragma && string(f.Value) == "no-cache"
		cached = cached || f.Known == wire.CacheControl
		b = f.Append(b)
	}
	if pragma && !cached {
		b = append(b, "Cache-Control: no-cache\r\n"...) // as net/http has it
	}
	return b
}

// appendStatus appends the status line, with the words that net/http has for the status.
func appendStatus(b []byte, status int) []byte {
	b = strconv.AppendInt(append(b, "HTTP/1.1 "...), int64(status), 10)
	b = append(b, ' ')
	text := http.StatusText(status)
	if text == "" {
		b = strconv.AppendInt(append(b, "status code "...), int64(status), 10)
	}
	return append(append(b, text...), '\r', '\n')
}

func (c *client) appendDate(b []byte) []byte {
	return append(c.started.UTC().AppendFormat(append(b, "Date: "...), http.TimeFormat), '\r', '\n')
}

// appendEnd appends what ends a head.
func (c *client) appendEnd(b []byte) []byte {
	if c.closes() {
		b = append(b, "Connection: close\r\n"...)
	}
	return append(b, '\r', '\n')
}
