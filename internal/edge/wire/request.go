// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package wire

import "bytes"

// Verdict says what a reader of requests makes of the bytes so far.
type Verdict int

const (
	// Incomplete says that more bytes are needed to tell.
	Incomplete Verdict = iota
	// Simple says that the head is there, and there is one way to read it.
	Simple
	// Other says that this is for net/http, which answers it or refuses it.
	Other
)

// Request is the head of a plain request. It refers to the bytes it was read from.
type Request struct {
	Method []byte
	// Target is in origin form: a path that begins with a slash, and perhaps a query.
	Target []byte
	// Host is what the only Host field says: letters, digits, dots, hyphens, underscores, and perhaps a port.
	Host []byte
	// Fields are all lines in their order, Host and Content-Length too.
	Fields []Field
	// Length is the length of the body in bytes; 0 where there is none.
	Length int64
	// Close is asked for by "Connection: close".
	Close bool
}

// Read reads the head of a request at the begin of b. With Simple it gives the length of the head.
//
// Simple are requests of HTTP/1.1 with a method of capital letters, an origin-form target of characters that need no
// escaping, one Host, at most one Content-Length of digits alone, and lines that end in CR LF. They have no
// Transfer-Encoding, ask for no upgrade, no 100 Continue and no trailers, name no fields in Connection, and carry no gRPC.
func (r *Request) Read(b []byte) (int, Verdict) {
	*r = Request{Fields: r.Fields[:0]}
	if !promising(b) {
		return 0, Other
	}
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		if bytes.Contains(b, []byte("\n\n")) || bytes.Contains(b, []byte("\n\r\n")) { // an end of a head, for some
			return 0, Other
		}
		return 0, Incomplete
	}
	line, rest, ok := cut(b[:end+2])
	if !ok || !r.start(line) {
		return 0, Other
	}
	for len(rest) > 0 {
		if line, rest, ok = cut(rest); !ok {
			return 0, Other
		}
		f, ok := split(line)
		if !ok || !r.take(f) {
			return 0, Other
		}
		r.Fields = append(r.Fields, f)
	}
	if r.Host == nil {
		return 0, Other
	}
	return end + 4, Simple
}

// promising says whether the bytes can be the begin of a method and its target; it keeps what is not HTTP/1 from waiting.
func promising(b []byte) bool {
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			continue
		}
		return c == ' ' && i > 0 && (i+1 == len(b) || b[i+1] == '/')
	}
	return len(b) <= maxMethod
}

const maxMethod = 16

// cut takes the first line, which must end in CR LF and have no other of the two.
func cut(b []byte) (line, rest []byte, ok bool) {
	end := bytes.IndexByte(b, '\n')
	if end < 1 || b[end-1] != '\r' {
		return nil, nil, false
	}
	return b[:end-1], b[end+1:], true // a CR within the line is no character of a token, target or value
}

// start reads the request line.
func (r *Request) start(line []byte) bool {
	space := bytes.IndexByte(line, ' ')
	if space < 1 || space > maxMethod {
		return false
	}
	r.Method = line[:space]
	for _, c := range r.Method {
		if c < 'A' || c > 'Z' {
			return false
		}
	}
	target, ok := bytes.CutSuffix(line[space+1:], []byte(" HTTP/1.1"))
	if !ok || !isOrigin(target) {
		return false
	}
	r.Target = target
	return string(r.Method) != "CONNECT" && string(r.Method) != "PRI"
}

// isOrigin says whether a target is an absolute path, perhaps with a query, in which nothing would be escaped differently
// when it is written again.
func isOrigin(target []byte) bool {
	if len(target) == 0 || target[0] != '/' {
		return false
	}
	query := false
	for i := 0; i < len(target); i++ {
		switch c := target[i]; {
		case query && c > ' ' && c < 0x7f && c != '#', isPath(c):
		case c == '?':
			query = true
		case c == '%' && i+2 < len(target) && isHex(target[i+1]) && isHex(target[i+2]):
			i += 2
		default:
			return false
		}
	}
	return true
}

// isPath is the characters of RFC 3986 section 3.3 that stand for themselves in a path.
func isPath(c byte) bool {
	const marks = 1<<'!' | 1<<'$' | 1<<'&' | 1<<'\'' | 1<<'(' | 1<<')' | 1<<'*' | 1<<'+' | 1<<',' | 1<<'-' | 1<<'.' | 1<<'/' | 1<<':' | 1<<';' | 1<<'=' | 0x3ff<<'0'
	if c < 64 {
		return uint64(marks)>>c&1 != 0
	}
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '@' || c == '_' || c == '~'
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f' }

// take looks at a field. It says false where the request is not plain.
func (r *Request) take(f Field) bool {
	switch f.Known {
	case Host:
		if r.Host != nil || !isHost(f.Value) {
			return false
		}
		r.Host = f.Value
	case Connection:
		r.Close = Equal(f.Value, "close")
		return (r.Close || Equal(f.Value, "keep-alive")) && !r.has(Connection)
	case ContentLength:
		var ok bool
		r.Length, ok = number(f.Value)
		return ok && !r.has(ContentLength)
	case UserAgent:
		return len(f.Value) > 0 && !r.has(UserAgent)
	case ContentType:
		return !isGRPC(f.Value)
	case TransferEncoding, Trailer, Upgrade, Expect, TE:
		return false
	case Plain, HopByHop, Pragma, CacheControl, Date, Forwarding, RequestID:
	}
	return true
}

func isGRPC(value []byte) bool {
	return len(value) >= len("application/grpc") && Equal(value[:len("application/grpc")], "application/grpc")
}

func isHost(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	for _, c := range b {
		if c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '_' || c == ':' {
			continue
		}
		return false
	}
	return true
}

func (r *Request) has(known Known) bool {
	for i := range r.Fields {
		if r.Fields[i].Known == known {
			return true
		}
	}
	return false
}

// Get gives the first value of a field, nil where there is none.
func (r *Request) Get(name string) []byte {
	for i := range r.Fields {
		if Equal(r.Fields[i].Name, name) {
			return r.Fields[i].Value
		}
	}
	return nil
}
