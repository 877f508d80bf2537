// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package wire

import "bytes"

// Limits on what is not data in a chunked body.
const (
	maxChunkLine = 4 << 10
	maxTrailers  = 64 << 10
)

// Chunks reads a chunked body (RFC 9112 section 7.1). The zero value stands at its begin.
type Chunks struct {
	state    chunkState
	left     int64 // of the chunk that is passing
	digits   int
	overhead int // of the line or the trailers
	trailers []byte
}

type chunkState uint8

const (
	inSize    chunkState = iota
	inPadding            // white space after the size
	inExtension
	afterSize // CR was read
	inData
	afterData   // CR is next
	afterDataCR // LF is next
	inTrailers
	done
)

// Next takes from the begin of b. It gives the next piece of data, empty when there is none in b, and how many bytes it
// took. When Done, what is left of b does not belong to the body.
func (c *Chunks) Next(b []byte) (data []byte, taken int, err error) {
	for taken < len(b) && c.state != done {
		if c.state == inData {
			data = b[taken:min(int64(len(b)), int64(taken)+c.left)]
			c.left -= int64(len(data))
			if c.left == 0 {
				c.state = afterData
			}
			return data, taken + len(data), nil
		}
		if !c.step(b[taken]) {
			return nil, taken, ErrMalformed
		}
		taken++
	}
	return nil, taken, nil
}

// step reads a byte that is not data.
func (c *Chunks) step(b byte) bool {
	switch c.state {
	case inSize, inPadding, inExtension, afterSize:
		return c.size(b)
	case afterData:
		c.state = afterDataCR
		return b == '\r'
	case afterDataCR:
		c.state = inSize
		c.digits, c.overhead = 0, 0
		return b == '\n'
	case inTrailers:
		c.trailers = append(c.trailers, b)
		if b == '\n' && (string(c.trailers) == "\r\n" || bytes.HasSuffix(c.trailers, []byte("\r\n\r\n"))) {
			c.state = done
		}
		return len(c.trailers) <= maxTrailers && (b != '\n' || bytes.HasSuffix(c.trailers, []byte("\r\n")))
	case inData, done:
	}
	return false
}

// size reads a byte of the line that says how long a chunk is.
func (c *Chunks) size(b byte) bool {
	if c.overhead++; c.overhead > maxChunkLine {
		return false
	}
	if c.state == afterSize {
		c.state = inData
		if c.left == 0 {
			c.state = inTrailers
		}
		return b == '\n'
	}
	if b == '\r' {
		c.state = afterSize
		return c.digits > 0
	}
	if c.state == inExtension {
		return isValue(b)
	}
	if b == ';' && c.state == inSize {
		c.state = inExtension
		return c.digits > 0
	}
	if isBlank(b) {
		c.state = inPadding
		return c.digits > 0
	}
	if c.state == inPadding || !isHex(b) || c.digits == 15 {
		return false
	}
	c.digits++
	digit := int64(b - '0')
	if b > '9' {
		digit = int64(b|0x20-'a') + 10
	}
	c.left = c.left<<4 | digit
	return true
}

// Done says that the last chunk and the trailers were read.
func (c *Chunks) Done() bool { return c.state == done }

// AppendTrailers appends the trailers that may be passed on, each as a line.
func (c *Chunks) AppendTrailers(b []byte) ([]byte, error) {
	rest := c.trailers
	for {
		var line []byte
		if line, rest = chop(rest); len(line) == 0 {
			return b, nil
		}
		f, ok := split(line)
		if !ok || f.Known == TransferEncoding || f.Known == Trailer || f.Known == ContentLength {
			return b, ErrMalformed
		}
		b = f.Append(b)
	}
}

// AppendChunk appends a chunk with data, which is not empty.
func AppendChunk(b, data []byte) []byte {
	b = appendHex(b, len(data))
	b = append(append(b, '\r', '\n'), data...)
	return append(b, '\r', '\n')
}

func appendHex(b []byte, n int) []byte {
	const digits = "0123456789abcdef"
	shift := 0
	for n>>shift > 15 {
		shift += 4
	}
	for ; shift >= 0; shift -= 4 {
		b = append(b, digits[n>>shift&15])
	}
	return b
}
