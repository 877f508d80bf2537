// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/vela-rollouts/vela/internal/server/problem"
)

// channel is one topic and those who follow it. Its fields are guarded by the hub's lock.
type channel struct {
	key        string
	topic      Topic
	namespaces []string
	feed       Feed
	history    history
	followers  map[*stream]bool
	// wake holds one token while the data may have changed.
	wake chan struct{}
	// over is closed when nobody has followed it for a while.
	over chan struct{}
}

// touch says that the data may have changed; it never waits.
func (c *channel) touch() { signal(c.wake) }

func signal(wake chan<- struct{}) {
	select {
	case wake <- struct{}{}:
	default: // there is a token already
	}
}

// keep works the data out when it may have changed, but not more often than pace, until ctx ends or the
// channel is over.
func (h *Hub) keep(ctx context.Context, c *channel) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		defer stop()
		select {
		case <-ctx.Done():
		case <-c.over:
		}
	}()
	for {
		failed := h.look(ctx, c)
		pause := h.cfg.Clock.NewTimer(pace)
		if !h.wait(ctx, pause.C()) {
			pause.Stop()
			return
		}
		every := c.feed.Every
		if failed {
			every = retryAfter
		}
		if !h.waitFor(ctx, c, every) {
			return
		}
	}
}

// look works the data out once and hands it on. It says whether that failed.
func (h *Hub) look(ctx context.Context, c *channel) bool {
	data, err := c.feed.Data(ctx, c.topic, c.namespaces)
	var doc []byte
	switch {
	case err == nil:
		if doc, err = json.Marshal(data); err != nil {
			err = fmt.Errorf("writing it down: %w", err)
		}
	case problem.From(err).Status == http.StatusNotFound:
		err = nil
	}
	if err == nil {
		err = h.publish(c, doc)
	}
	if err != nil && ctx.Err() == nil {
		h.cfg.Log.WarnContext(ctx, "a topic of the stream could not be worked out", "topic", c.key, "error", err)
	}
	return err != nil
}

// publish makes doc the present state of a topic, unless it says nothing new, and wakes those who follow it.
func (h *Hub) publish(c *channel, doc []byte) error {
	news, err := c.history.news(doc)
	if err != nil || !news {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	c.history.add(h.seq, doc)
	for s := range c.followers {
		s.behind[c] = true
		signal(s.wake)
	}
	return nil
}
