// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package wire

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"testing"
)

// FuzzRequest holds the reader of requests against net/http: what it takes for simple net/http takes too, and reads in the
// same way to the same end. Nothing that differs can be smuggled past one of them.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
		"POST /a%2Fb?x=y;z HTTP/1.1\r\nHost: a:80\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
		"GET / HTTP/1.1\nHost: a\n\n", "GET / HTTP/1.1\r\nHost: a\r\n fold\r\n\r\n", "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", "GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: a\r\nX: \xff\r\nPragma: no-cache\r\n\r\nGET / HTTP/1.1\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r Request
		n, verdict := r.Read(bytes.Clone(b))
		if verdict != Simple {
			return
		}
		in := bufio.NewReaderSize(bytes.NewReader(b), len(b)+16)
		req, err := http.ReadRequest(in)
		if err != nil {
			t.Fatalf("net/http does not take %q: %v", b, err)
		}
		if got := len(b) - in.Buffered(); got != n {
			t.Fatalf("the head of %q ends at %d, for net/http at %d", b, n, got)
		}
		path, err := url.PathUnescape(string(bytes.SplitN(r.Target, []byte("?"), 2)[0]))
		if err != nil || path != req.URL.Path {
			t.Errorf("%q has the path %q, for net/http %q; %v", b, path, req.URL.Path, err)
		}
		if req.Method != string(r.Method) || req.URL.RequestURI() != string(r.Target) || req.Host != string(r.Host) || req.Close != r.Close {
			t.Errorf("%q is %+v, for net/http %+v", b, r, req)
		}
		if req.ContentLength != r.Length || len(req.TransferEncoding) > 0 || req.Trailer != nil {
			t.Errorf("%q has a body of %d bytes, for net/http of %d, %v", b, r.Length, req.ContentLength, req.TransferEncoding)
		}
		want := http.Header{}
		for i := range r.Fields {
			if f := &r.Fields[i]; f.Known != Host {
				name := string(AppendName(nil, f.Name))
				want[name] = append(want[name], string(f.Value))
			}
		}
		for name, values := range req.Header {
			if name == "Cache-Control" && want.Get("Pragma") == "no-cache" {
				continue // net/http adds it
			}
			if !slices.Equal(values, want[name]) {
				t.Errorf("%q has %s %q, for net/http %q", b, name, want[name], values)
			}
		}
	})
}

// FuzzAnswer holds the reader of answers against net/http in the same way.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
		"HTTP/1.0 404 Not Found\nContent-Type: a\n b\nConnection: x, close\n\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 05\r\n\r\nhello",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "HTTP/1.1 099 X\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
		"HTTP/1.1 200 O\nKA\n :'b\r\n\r\n", "HTTP/1.1 200 OK\r\nA \t: \r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var a Answer
		n, err := a.Read(bytes.Clone(b))
		if err != nil || n == 0 || a.Status < 200 {
			return
		}
		in := bufio.NewReaderSize(bytes.NewReader(b), len(b)+16)
		resp, err := http.ReadResponse(in, &http.Request{Method: http.MethodGet})
		if err != nil {
			t.Fatalf("net/http does not take %q: %v", b, err)
		}
		defer resp.Body.Close()
		if got := len(b) - in.Buffered(); got != n {
			t.Fatalf("the head of %q ends at %d, for net/http at %d", b, n, got)
		}
		if resp.StatusCode != a.Status || (len(resp.TransferEncoding) > 0) != a.Chunked {
			t.Errorf("%q is %+v, for net/http %+v", b, a, resp)
		}
		if a.Status != 204 && a.Status != 304 && resp.ContentLength != a.Length {
			t.Errorf("%q has a body of %d bytes, for net/http of %d", b, a.Length, resp.ContentLength)
		}
		if resp.Close && !a.Close && (a.Chunked || a.Length >= 0) {
			t.Errorf("%q ends its connection for net/http alone", b)
		}
	})
}

// FuzzChunks holds the reader of chunked bodies against net/http's, whatever the pieces in which a body arrives.
func FuzzChunks(f *testing.F) {
	for _, seed := range []string{
		"5\r\nhello\r\n0\r\n\r\n", "5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\nmore", "5 \r\nhello\r\n000\r\n\r\n", "-1\r\n", "5\nhello\n0\n\n",
		"fffffffffffffffff\r\n", "5\r\nhelloX\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "5 5\r\nhello\r\n0\r\n\r\n",
	} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, b []byte, piece int) {
		piece = max(1, piece%64)
		var c Chunks
		var got []byte
		rest := b
		for len(rest) > 0 && !c.Done() {
			part := rest[:min(piece, len(rest))]
			for len(part) > 0 && !c.Done() {
				data, n, err := c.Next(part)
				if err != nil {
					return
				}
				got = append(got, data...)
				part, rest = part[n:], rest[n:]
			}
		}
		if !c.Done() {
			return
		}
		if _, err := c.AppendTrailers(nil); err != nil {
			return
		}
		want, err := io.ReadAll(httputil.NewChunkedReader(bufio.NewReader(bytes.NewReader(b))))
		if err != nil || !bytes.Equal(want, got) {
			t.Errorf("%q holds %q, for net/http %q, %v", b, got, want, err)
		}
	})
}
