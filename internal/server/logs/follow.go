// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/lasting"
	"github.com/vela-rollouts/vela/internal/server/look"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

// follow writes lines as they come, of pods that come too, until the client goes, its session ends or it may not read logs any more.
func (s *stream) follow(ctx context.Context, readers *sync.WaitGroup, out *writer) error {
	rechecks := s.logs.cfg.Clock.NewTicker(lasting.RecheckEvery)
	defer rechecks.Stop()
	var due <-chan time.Time
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case line := <-s.lines:
			if err = out.write(line); err == nil && len(s.lines) == 0 {
				err = out.flush()
			}
		case <-s.changed:
			if due == nil {
				due = s.logs.cfg.Clock.After(pace)
			}
		case <-due:
			due = nil
			more, failed := s.look(ctx)
			switch {
			case failed == nil:
				s.begin(ctx, readers, more)
			case problem.From(failed).Status == http.StatusNotFound:
				_ = out.write(api.LogLine{Notice: api.LogLineNoticeEnded, Text: problem.From(failed).Detail})
				return nil
			default:
				due = s.logs.cfg.Clock.After(retryAfter)
			}
		case <-rechecks.C():
			if why := s.logs.cfg.Refused(ctx, access.Check{Verb: "get", Resource: "pods/log", Namespace: s.ns}); why != nil {
				_ = out.write(api.LogLine{Notice: api.LogLineNoticeFailed, Text: why.Error()})
				return nil
			}
		}
		if err != nil {
			return nil //nolint:nilerr // the client is gone
		}
	}
}

// begin reads sources side by side.
func (s *stream) begin(ctx context.Context, readers *sync.WaitGroup, sources []source) {
	lanes := s.lanes
	for _, one := range sources {
		s.read[one] = true
		if len(s.read) > mostContainers {
			readers.Go(func() {
				s.send(ctx, api.LogLine{Pod: one.pod, Container: one.container, Notice: api.LogLineNoticeSkipped, Text: skipped(1)})
			})
			continue
		}
		readers.Go(func() { s.copy(ctx, one, lanes[one.pod]) })
	}
}

func (s *stream) copy(ctx context.Context, one source, lane look.Lane) {
	fail := func(notice api.LogLineNotice, text string) {
		s.send(ctx, api.LogLine{Pod: one.pod, Container: one.container, Revision: lane.Revision, Role: lane.Role, Notice: notice, Text: text})
	}
	r, err := s.open(ctx, one, lane)
	if err != nil {
		fail(api.LogLineNoticeFailed, problem.From(err).Detail)
		return
	}
	release := context.AfterFunc(ctx, func() { _ = r.body.Close() }) // ends a read that waits
	defer release()
	defer func() { _ = r.body.Close() }()
	for {
		switch err := r.next(); {
		case ctx.Err() != nil:
			return
		case errors.Is(err, io.EOF):
			fail(api.LogLineNoticeEnded, "")
			return
		case err != nil:
			fail(api.LogLineNoticeFailed, problem.From(err).Detail)
			return
		}
		if !s.send(ctx, *r.line) {
			return
		}
	}
}

func (s *stream) send(ctx context.Context, line api.LogLine) bool {
	select {
	case <-ctx.Done():
		return false
	case s.lines <- line:
		return true
	}
}
