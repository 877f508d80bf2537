// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bytes"
	"errors"
)

// ErrMalformed says that an answer cannot be read, or could be read in two ways.
var ErrMalformed = errors.New("the answer is malformed")

// Answer is the head of an answer. It refers to the bytes it was read from.
type Answer struct {
	Status int
	// Fields are all lines in their order.
	Fields []Field
	// Length is what Content-Length says, -1 without one.
	Length int64
	// Chunked is the only transfer coding there is.
	Chunked bool
	// Close says that the connection ends after this answer, or that no second one can safely follow.
	Close bool
}

// Read reads the head of an answer at the begin of b, and gives its length: 0 where more bytes are needed. As RFC 9112
// sections 2.2 and 5.2 allow it takes lines that end in LF alone, and folded lines, which it unfolds in place.
func (a *Answer) Read(b []byte) (int, error) {
	*a = Answer{Fields: a.Fields[:0], Length: -1}
	at, ok := endOfHead(b)
	if !ok {
		return 0, nil
	}
	head := b[:at]
	line, head := chop(head)
	modern, ok := a.start(line)
	if !ok {
		return 0, ErrMalformed
	}
	a.Close = !modern
	unfold(head)
	for {
		line, head = chop(head)
		if len(line) == 0 {
			break
		}
		f, ok := split(despaced(line))
		if !ok || !a.take(f, modern) {
			return 0, ErrMalformed
		}
		a.Fields = append(a.Fields, f)
	}
	if a.Chunked && a.Length >= 0 {
		// RFC 9112 section 6.3: the coding overrides the length, and such an answer may be an attempt at smuggling.
		a.Length, a.Close = -1, true
	}
	return at, nil
}

// endOfHead gives where the first empty line ends.
func endOfHead(b []byte) (int, bool) {
	for at := 0; ; {
		next := bytes.IndexByte(b[at:], '\n')
		if next < 0 {
			return 0, false
		}
		if next == 0 && at > 0 || next == 1 && b[at] == '\r' && at > 0 {
			return at + next + 1, true
		}
		at += next + 1
	}
}

// chop takes the first line without its end.
func chop(b []byte) (line, rest []byte) {
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		return nil, nil
	}
	line, rest = b[:end], b[end+1:]
	if end > 0 && line[end-1] == '\r' {
		line = line[:end-1]
	}
	return line, rest
}

// unfold makes spaces of the ends of lines that the next line continues. What can be continued has a colon already, as
// net/http wants it; what can't stays as it is, and split has no name for it.
func unfold(head []byte) {
	begin := 0 // of the field so far
	for i := 1; i < len(head); i++ {
		if head[i-1] != '\n' {
			continue
		}
		if !isBlank(head[i]) || bytes.IndexByte(head[begin:i], ':') < 0 {
			begin = i
			continue
		}
		head[i-1] = ' '
		if i > 1 && head[i-2] == '\r' {
			head[i-2] = ' '
		}
	}
}

// start reads the status line. Modern is HTTP/1.1 and later.
func (a *Answer) start(line []byte) (modern, ok bool) {
	version, rest, _ := bytes.Cut(line, []byte(" "))
	switch string(version) {
	case "HTTP/1.1":
		modern = true
	case "HTTP/1.0":
	default:
		return false, false
	}
	code, reason, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte(" "))
	status, digits := number(code)
	for _, c := range reason {
		if !isValue(c) {
			return modern, false
		}
	}
	a.Status = int(status)
	return modern, digits && len(code) == 3 && status >= 100
}

// despaced removes spaces before the colon, as RFC 9112 section 5.1 wants it of a proxy; but where that would change
// how long the answer is, the answer stays malformed.
func despaced(line []byte) []byte {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 || line[colon-1] != ' ' {
		return line
	}
	name := bytes.TrimRight(line[:colon], " ") // a tab is more than net/http takes
	switch known(name) {
	case ContentLength, TransferEncoding, Connection:
		return line
	case Plain, Host, Trailer, HopByHop, Upgrade, Expect, TE, ContentType, UserAgent, Pragma, CacheControl, Date, Forwarding, RequestID:
	}
	moved := len(name) + copy(line[len(name):], line[colon:])
	return line[:moved]
}

// take looks at a field. It says false where the answer must not be passed on.
func (a *Answer) take(f Field, modern bool) bool {
	switch f.Known {
	case Connection:
		a.Close = a.Close || listed(f.Value, []byte("close"))
	case ContentLength:
		n, ok := number(f.Value)
		if !ok || !a.agrees(f) {
			return false
		}
		a.Length = n
	case TransferEncoding:
		if a.Chunked || !modern || !Equal(f.Value, "chunked") {
			return false
		}
		a.Chunked = true
	case Plain, Host, Trailer, HopByHop, Upgrade, Expect, TE, ContentType, UserAgent, Pragma, CacheControl, Date, Forwarding, RequestID:
	}
	return true
}

// agrees says that fields of the kind before this one say the same, to the byte: 5 and 05 are two answers to somebody.
func (a *Answer) agrees(f Field) bool {
	for i := range a.Fields {
		if a.Fields[i].Known == f.Known && !bytes.Equal(a.Fields[i].Value, f.Value) {
			return false
		}
	}
	return true
}

// listed says whether a list of tokens with commas holds one.
func listed(list, token []byte) bool {
	for len(list) > 0 {
		var one []byte
		one, list, _ = bytes.Cut(list, []byte(","))
		if Equal(bytes.Trim(one, " \t"), token) {
			return true
		}
	}
	return false
}

// Passes says whether a field is for more than this connection, and so for the client too (RFC 9110 section 7.6.1).
func (a *Answer) Passes(f *Field) bool {
	switch f.Known {
	case Connection, TransferEncoding, Trailer, HopByHop, Upgrade, TE, ContentLength:
		return false
	case Plain, Host, Expect, ContentType, UserAgent, Pragma, CacheControl, Date, Forwarding, RequestID:
	}
	for i := range a.Fields {
		if a.Fields[i].Known == Connection && listed(a.Fields[i].Value, f.Name) {
			return false
		}
	}
	return true
}

// Has says whether there is a field of the kind.
func (a *Answer) Has(known Known) bool {
	for i := range a.Fields {
		if a.Fields[i].Known == known {
			return true
		}
	}
	return false
}
