// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"bufio"
	"net"
	"net/http"
)

// recorder passes an answer on and remembers its status and size.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
	// upgraded is told the connection of an upgraded request.
	upgraded func(client net.Conn)
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && (status >= 200 || status == http.StatusSwitchingProtocols) {
		r.status = status
		// Without an entry the server would guess a type from the body; an empty one keeps the answer as the backend gave it.
		h := r.Header()
		if _, typed := h["Content-Type"]; !typed {
			h["Content-Type"] = nil
		}
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Hijack hands the connection over and remembers it, so that a stop can end what goes on there.
func (r *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(r.ResponseWriter).Hijack()
	if err == nil {
		r.status = http.StatusSwitchingProtocols
		if r.upgraded != nil {
			r.upgraded(conn)
		}
	}
	return conn, buffered, err
}

// Unwrap lets http.ResponseController find what else the writer can do.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
