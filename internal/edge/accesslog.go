// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"encoding/json"
	"io"
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

// visit is what the log tells of a request, besides its claim.
type visit struct {
	started                    time.Time
	remote, host, method, path string
	status                     int
	bytes                      int64
}

// write logs a finished request. A log that cannot be written does not stop requests.
func (l *accessLog) write(c *claim, v *visit) {
	took := time.Since(v.started) //nolint:forbidigo // the data path measures real time
	service, endpoint, version := "", "", ""
	if c.held != nil {
		service, version = c.held.Name, c.route.Backends[c.version].Name
	}
	if c.endpoint != nil {
		endpoint = c.endpoint.Address
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b := append(l.buf[:0], `{"time":"`...)
	b = v.started.UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z07:00")
	b = append(b, '"')
	b = appendText(b, "remote", v.remote)
	b = appendText(b, "host", v.host)
	b = appendText(b, "method", v.method)
	b = appendText(b, "path", v.path)
	b = appendNumber(b, "status", int64(v.status))
	b = appendNumber(b, "bytes", v.bytes)
	b = append(b, `,"duration":`...)
	b = strconv.AppendFloat(b, took.Seconds(), 'f', 6, 64)
	b = appendText(b, "service", service)
	b = appendText(b, "endpoint", endpoint)
	b = appendText(b, "version", version)
	b = appendNumber(b, "retries", int64(c.retries()))
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
