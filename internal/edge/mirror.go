// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/vela-rollouts/vela/internal/edge/balance"
	"github.com/vela-rollouts/vela/internal/edge/table"
)

const (
	maxMirrored  = 256              // copies in flight; beyond them requests go without
	mirrorLimit  = 30 * time.Second // how long a copy may take
	mirrorAnswer = 1 << 20          // bytes of its answer that are read, so that the connection can be used again
)

// mirror is where copies of a rule's requests go.
type mirror struct {
	table.Mirror
	pool *balance.Pool
}

// copies sends copies of a request to the rule's mirrors. Nobody waits for them, and what they answer is thrown away. A request
// whose body is not held in full has no copies: a slow mirror would hold up the request itself.
func (x *exchange) copies(req *http.Request, body *payload) {
	for i := range x.route.mirrors {
		m := &x.route.mirrors[i]
		if body.stream != nil || m.Numerator < m.Denominator && rand.Int32N(m.Denominator) >= m.Numerator {
			continue
		}
		// As in acquire: a copy that a later table does not allow is not sent, so that a Service which is told drained is.
		m.pool.Service.Enter()
		if x.edge.snapshot.Load() != x.snapshot {
			m.pool.Service.Leave()
			continue
		}
		select {
		case x.edge.mirrored <- struct{}{}:
			again := req.Clone(context.WithoutCancel(req.Context()))
			go x.edge.copy(m.pool, again, body.held)
		default:
			m.pool.Service.Leave()
		}
	}
}

// copy sends one copy.
func (e *Edge) copy(pool *balance.Pool, req *http.Request, body []byte) {
	defer func() { <-e.mirrored }()
	defer pool.Service.Leave()
	end := pool.Pick(nil)
	if end == nil {
		return
	}
	defer end.Done()
	ctx, cancel := context.WithTimeout(req.Context(), mirrorLimit)
	defer cancel()
	req = req.WithContext(ctx)
	req.URL = &url.URL{Scheme: upstreamOf(end).scheme, Host: end.Address, Path: req.URL.Path, RawPath: req.URL.RawPath, RawQuery: req.URL.RawQuery}
	req.Body, req.GetBody = http.NoBody, nil
	if body != nil {
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	req.Header.Del("Upgrade")
	resp, err := upstreamOf(end).transport.RoundTrip(req)
	if err != nil {
		pool.Service.Count(http.StatusBadGateway)
		return
	}
	defer func() { _ = resp.Body.Close() }()
	pool.Service.Count(resp.StatusCode)
	_, _ = io.CopyN(io.Discard, resp.Body, mirrorAnswer)
}
