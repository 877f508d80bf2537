// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"encoding/json"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// accessLog writes one line of JSON for each request.
type accessLog struct {
	mu  sync.Mutex
	out io.Writer
	buf []byte
}

// write logs a finished exchange. A log that cannot be written does not stop requests.
func (l *accessLog) write(x *exchange, status int) {
	took := time.Since(x.started) //nolint:forbidigo // the data path measures real time
	remote, _, err := net.SplitHostPort(x.request.RemoteAddr)
	if err != nil {
		remote = x.request.RemoteAddr
	}
	service, endpoint, version := "", "", ""
	if x.held != nil {
		service, version = x.held.Name, x.route.Backends[x.version].Name
	}
	if x.endpoint != nil {
		endpoint = x.endpoint.Address
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := append(l.buf[:0], `{"time":"`...)
	b = x.started.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z07:00")
	b = append(b, '"')
	b = appendText(b, "remote", remote)
	b = appendText(b, "host", x.request.Host)
	b = appendText(b, "method", x.request.Method)
	b = appendText(b, "path", x.request.URL.Path)
	b = appendNumber(b, "status", int64(status))
	b = appendNumber(b, "bytes", x.recorder.bytes)
	b = append(b, `,"duration":`...)
	b = strconv.AppendFloat(b, took.Seconds(), 'f', 6, 64)
	b = appendText(b, "service", service)
	b = appendText(b, "endpoint", endpoint)
	b = appendText(b, "version", version)
	b = appendNumber(b, "retries", int64(x.retries()))
	b = append(b, '}', '\n')
	l.buf = b
	_, _ = l.out.Write(b)
}

func appendNumber(b []byte, key string, n int64) []byte {
	b = append(b, `,"`...)
	b = append(b, key...)
	return strconv.AppendInt(append(b, `":`...), n, 10)
}

// appendText quotes by hand what needs no escaping, which is nearly everything.
func appendText(b []byte, key, text string) []byte {
	b = append(b, `,"`...)
	b = append(b, key...)
	b = append(b, `":`...)
	for i := range len(text) {
		if c := text[i]; c < 0x20 || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			quoted, err := json.Marshal(text)
			if err != nil {
				return append(b, `""`...)
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}
