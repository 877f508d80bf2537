// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package wire

import "bytes"

// Field is one line of a head. Name and Value are pieces of the bytes that were read; the value has no white space around it.
type Field struct {
	Name, Value []byte
	Known       Known
}

// Known is a field that a gateway treats apart.
type Known uint8

// The fields that are known. All others are Plain.
const (
	Plain Known = iota
	Host
	Connection
	ContentLength
	TransferEncoding
	Trailer
	HopByHop // the rest of those that are for one connection only, as httputil.ReverseProxy has them
	Upgrade
	Expect
	TE
	ContentType
	UserAgent
	Pragma
	CacheControl
	Date
	Forwarding // what the gateway says itself of where a request came from
	RequestID
)

// longest is the length of the longest name that is known.
const longest = len("proxy-authentication")

// known looks a name up, in whatever case it is written.
func known(name []byte) Known {
	var low [longest]byte
	if len(name) > len(low) {
		return Plain
	}
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		low[i] = c
	}
	switch string(low[:len(name)]) {
	case "host":
		return Host
	case "connection":
		return Connection
	case "content-length":
		return ContentLength
	case "transfer-encoding":
		return TransferEncoding
	case "trailer":
		return Trailer
	case "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization":
		return HopByHop
	}
	return passing(low[:len(name)])
}

// passing looks up the names of fields that are passed on, and of those that decide whether a request is plain.
func passing(low []byte) Known {
	switch string(low) {
	case "upgrade", "http2-settings":
		return Upgrade
	case "expect":
		return Expect
	case "te":
		return TE
	case "content-type":
		return ContentType
	case "user-agent":
		return UserAgent
	case "pragma":
		return Pragma
	case "cache-control":
		return CacheControl
	case "date":
		return Date
	case "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto", "x-forwarded-scheme", "x-real-ip", "x-scheme":
		return Forwarding
	case "x-request-id":
		return RequestID
	}
	return Plain
}

// tokenLow and tokenHigh are the characters of a token (RFC 9110 section 5.6.2), one bit for each, below 64 and from there.
const (
	tokenLow  = 1<<'!' | 1<<'#' | 1<<'$' | 1<<'%' | 1<<'&' | 1<<'\'' | 1<<'*' | 1<<'+' | 1<<'-' | 1<<'.' | 0x3ff<<'0'
	tokenHigh = 0x3ffffff<<('A'-64) | 0x3ffffff<<('a'-64) | 1<<('^'-64) | 1<<('_'-64) | 1<<('`'-64) | 1<<('|'-64) | 1<<('~'-64)
)

func isToken(c byte) bool {
	if c < 64 {
		return uint64(tokenLow)>>c&1 != 0
	}
	return c < 128 && uint64(tokenHigh)>>(c-64)&1 != 0
}

// isValue says whether a value may hold the character: anything visible, space, tab, and bytes beyond ASCII.
func isValue(c byte) bool { return c >= ' ' && c != 0x7f || c == '\t' }

// split reads a line without its end as a field. It says false where the line is none: an empty name, a character that
// does not belong there, white space before the colon or at the begin of the line.
func split(line []byte) (Field, bool) {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return Field{}, false
	}
	name, value := line[:colon], line[colon+1:]
	for _, c := range name {
		if !isToken(c) {
			return Field{}, false
		}
	}
	for len(value) > 0 && isBlank(value[0]) {
		value = value[1:]
	}
	for len(value) > 0 && isBlank(value[len(value)-1]) {
		value = value[:len(value)-1]
	}
	for _, c := range value {
		if !isValue(c) {
			return Field{}, false
		}
	}
	return Field{Name: name, Value: value, Known: known(name)}, true
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// Equal compares two names or tokens without regard to case.
func Equal[A, B ~string | ~[]byte](a A, b B) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if x != y && (x|0x20 != y|0x20 || x|0x20 < 'a' || x|0x20 > 'z') {
			return false
		}
	}
	return true
}

// number reads digits alone, as many as fit.
func number(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	var n int64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}

// AppendName appends a name in its canonical case: the first letter and each one after a hyphen is a capital.
func AppendName(b, name []byte) []byte {
	upper := true
	for _, c := range name {
		switch {
		case upper && 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		case !upper && 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		b = append(b, c)
		upper = c == '-'
	}
	return b
}

// Append appends the line of a field.
func (f *Field) Append(b []byte) []byte {
	b = append(AppendName(b, f.Name), ':', ' ')
	return append(append(b, f.Value...), '\r', '\n')
}
