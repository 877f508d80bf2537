// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Heartbeat is how often an edge writes an empty line into a stream in which nothing else happens.
const Heartbeat = 15 * time.Second

// silence is how long a stream may say nothing, heartbeats included, before Watch takes it for dead.
const silence = 3 * Heartbeat

// ErrSilent is what Watch returns when a stream stays open but says nothing, not even a heartbeat.
var ErrSilent = errors.New("the edge went silent")

// Get asks one replica for its plan. baseURL is its admin listener, such as http://10.0.0.7:9901. Ingress and service
// narrow the answer to one key (namespace/name) each; empty means all.
func Get(ctx context.Context, client *http.Client, baseURL, ingress, service string) (Plan, error) {
	query := url.Values{}
	if ingress != "" {
		query.Set("ingress", ingress)
	}
	if service != "" {
		query.Set("service", service)
	}
	var p Plan
	body, err := open(ctx, client, baseURL, query)
	if err != nil {
		return p, err
	}
	defer func() { _ = body.Close() }()
	if err := json.NewDecoder(body).Decode(&p); err != nil {
		return p, fmt.Errorf("reading the plan of the edge at %s: %w", baseURL, err)
	}
	return p, nil
}

// Watch follows the plan of one replica and calls tell for each event, the first of which is Full. It returns when the
// stream ends: with the context's error when that was the reason, otherwise with an error that says what happened. It
// does not reconnect; a caller that does must treat what it knew as unknown until the next Full event.
//
// The client must not have an overall timeout.
func Watch(ctx context.Context, client *http.Client, baseURL string, tell func(Event)) error {
	watching, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	dead := time.AfterFunc(silence, func() { cancel(ErrSilent) })
	defer dead.Stop()

	body, err := open(watching, client, baseURL, url.Values{"watch": {"true"}})
	if err != nil {
		return ended(watching, err)
	}
	defer func() { _ = body.Close() }()
	lines := json.NewDecoder(pulse{body, func() { dead.Reset(silence) }})
	for {
		var e Event
		if err := lines.Decode(&e); err != nil {
			return ended(watching, fmt.Errorf("reading the plan stream of the edge at %s: %w", baseURL, err))
		}
		tell(e)
	}
}

// ended prefers the reason for which the watch was cancelled to the error that the cancelling caused.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func open(ctx context.Context, client *http.Client, baseURL string, query url.Values) (io.ReadCloser, error) {
	target := strings.TrimSuffix(baseURL, "/") + Path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, fmt.Errorf("asking the edge at %s for its plan: %w", baseURL, err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking the edge at %s for its plan: %w", baseURL, err)
	}
	if resp.StatusCode != http.StatusOK {
		_ = resp.Body.Close()
		return nil, fmt.Errorf("asking the edge at %s for its plan: it answered %s", baseURL, resp.Status)
	}
	return resp.Body, nil
}

// pulse calls beat whenever something was read.
type pulse struct {
	io.Reader
	beat func()
}

func (p pulse) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if n > 0 {
		p.beat()
	}
	return n, err
}
