// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package logs merges the logs of an application's pods into one stream of lines, as NDJSON. Reading goes at the pace of the client:
// nothing is collected for one that does not read.
package logs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/lasting"
	"github.com/vela-rollouts/vela/internal/server/look"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

const (
	// mostContainers are read side by side.
	mostContainers = 50
	// pace is how soon after a change new pods are looked for while logs are followed, retryAfter when that failed.
	pace, retryAfter = 250 * time.Millisecond, 5 * time.Second
	// perSession and perServer are how many streams of logs there are at a time.
	perSession, perServer = 6, 500
	// ahead is how many lines may wait for the client.
	ahead = 64
	// mostLines of a container to begin with, and how many there are without a word about it.
	mostLines, usualLines = 5000, 200
	// mostBytes of one container when logs are not followed.
	mostBytes = 16 << 20
	// writeWithin is how long a client may take to read a line.
	writeWithin = 30 * time.Second
)

// Open opens the log of a container in the name of a person, with a time before each line.
type Open func(ctx context.Context, p access.Person, namespace, pod string, options *corev1.PodLogOptions) (io.ReadCloser, error)

// Config of the logs.
type Config struct {
	lasting.Config
	Open  Open
	Watch gather.Watch
}

// Logs answers the operation of this package.
type Logs struct {
	cfg    Config
	places *lasting.Places
}

// New returns Logs.
func New(cfg Config) *Logs {
	return &Logs{cfg: cfg, places: lasting.NewPlaces("open logs", perSession, perServer)}
}

// source is one run of a container.
type source struct {
	pod, container string
	restarts       int32
	// uid of the pod: another one may come by its name.
	uid types.UID
}

// StreamLogs streams lines of pods.
func (l *Logs) StreamLogs(ctx context.Context, r api.StreamLogsRequestObject) (api.StreamLogsResponseObject, error) {
	person, err := access.From(ctx)
	if err != nil {
		return nil, err
	}
	if r.Params.Follow && r.Params.Previous {
		return nil, problem.BadRequest("parameter previous is about what has ended; leave follow out").With("parameter", "previous")
	}
	if t := r.Params.Tail; t != nil && (*t < 0 || *t > mostLines) {
		return nil, problem.BadRequest("parameter tail is %d; write a number from 0 to %d", *t, mostLines).With("parameter", "tail")
	}
	if r.Params.SinceSeconds < 0 {
		return nil, problem.BadRequest("parameter sinceSeconds is %d; write a number above 0", r.Params.SinceSeconds).With("parameter", "sinceSeconds")
	}
	s := &stream{
		logs: l, person: person, ns: r.Ns, app: r.App, want: r.Params, lines: make(chan api.LogLine, ahead), read: map[source]bool{}, unwatch: func() {},
	}
	if r.Params.Follow {
		s.changed, s.unwatch = l.cfg.Watch(func(o client.Object) bool { return gather.Concerns(s.ns, s.app, o) })
	}
	sources, leave, err := s.enter(ctx)
	if err != nil {
		s.unwatch()
		return nil, err
	}
	return answer(func(w http.ResponseWriter) error {
		defer s.unwatch()
		defer leave()
		return s.answer(ctx, w, sources)
	}), nil
}

// enter finds what to begin with, and takes a place among the open logs.
func (s *stream) enter(ctx context.Context) (begin []source, leave func(), err error) {
	if begin, err = s.look(ctx); err != nil {
		return nil, nil, err
	}
	if s.want.Pod != "" && !s.found {
		return nil, nil, problem.NotFound("pod", s.want.Pod).With("application", s.app)
	}
	leave, err = s.logs.places.Take(s.person.Session)
	return begin, leave, err
}

// answer is written as lines come.
type answer func(http.ResponseWriter) error

// VisitStreamLogsResponse writes it.
func (a answer) VisitStreamLogsResponse(w http.ResponseWriter) error { return a(w) }

// stream is one answer.
type stream struct {
	logs    *Logs
	person  access.Person
	ns, app string
	want    api.StreamLogsParams
	lines   chan api.LogLine
	// read are the runs of containers that were begun with; found says that the pod that was asked for is there.
	read  map[source]bool
	found bool
	lanes map[string]look.Lane
	// changed has a token after something happened to the application, until unwatch.
	changed <-chan struct{}
	unwatch func()
}

// look finds the runs of containers that are wanted and were not begun with, in order. Those that have not started are left for later.
func (s *stream) look(ctx context.Context) ([]source, error) {
	base, err := s.logs.cfg.Gather.App(ctx, s.ns, s.app)
	if err != nil {
		return nil, err
	}
	seen := look.Seen{Seen: base}
	s.lanes = look.Lanes(seen)
	published := map[string]string{}
	for _, p := range look.Pods(seen).Items {
		published[p.Name] = p.PublishVersion
	}
	var all []source
	for i := range seen.Pods {
		p := &seen.Pods[i]
		w := s.want
		if w.Pod != "" && p.Name != w.Pod || w.Component != "" && look.Component(p) != w.Component ||
			w.Revision != "" && s.lanes[p.Name].Revision != w.Revision && published[p.Name] != w.Revision {
			continue
		}
		s.found = true
		for _, c := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
			if w.Container != "" && c.Name != w.Container {
				continue
			}
			one := source{p.Name, c.Name, c.RestartCount, p.UID}
			started := c.State.Running != nil || c.State.Terminated != nil || c.LastTerminationState.Terminated != nil
			if w.Previous {
				started = c.LastTerminationState.Terminated != nil
			}
			if started && !s.read[one] {
				all = append(all, one)
			}
		}
	}
	slices.SortFunc(all, func(a, b source) int { return cmp.Or(cmp.Compare(a.pod, b.pod), cmp.Compare(a.container, b.container)) })
	return all, nil
}

func (s *stream) answer(ctx context.Context, w http.ResponseWriter, sources []source) error {
	ctx, stop := context.WithCancel(ctx)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer stop()
	header := w.Header()
	header.Set("Content-Type", "application/x-ndjson")
	header.Set("X-Accel-Buffering", "no") // a proxy in between does not collect lines
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // the server's own is for requests that end
	out := &writer{encoder: json.NewEncoder(w), control: control}
	w.WriteHeader(http.StatusOK)
	if !s.want.Follow {
		return s.whole(ctx, out, sources)
	}
	if err := out.flush(); err != nil {
		return nil //nolint:nilerr // the client is gone
	}
	s.begin(ctx, &readers, sources)
	return s.follow(ctx, &readers, out)
}

// whole writes what there is, in the order of time.
func (s *stream) whole(ctx context.Context, out *writer, sources []source) error {
	var open []*reader
	defer func() {
		for _, r := range open {
			_ = r.body.Close()
		}
	}()
	if len(sources) > mostContainers {
		if out.write(api.LogLine{Notice: api.LogLineNoticeSkipped, Text: skipped(len(sources) - mostContainers)}) != nil {
			return nil //nolint:nilerr // the client is gone
		}
		sources = sources[:mostContainers]
	}
	for _, one := range sources {
		r, err := s.reader(ctx, one)
		if err == nil {
			open = append(open, r)
			err = r.next()
		}
		if err != nil && !errors.Is(err, io.EOF) && out.write(s.notice(one, api.LogLineNoticeFailed, problem.From(err).Detail)) != nil {
			return nil
		}
	}
	for {
		first := earliest(open)
		if first == nil {
			_ = out.flush() // the client is gone when this fails
			return nil
		}
		if out.write(*first.line) != nil {
			return nil
		}
		if err := first.next(); err != nil && !errors.Is(err, io.EOF) && out.write(s.notice(first.of, api.LogLineNoticeFailed, problem.From(err).Detail)) != nil {
			return nil
		}
	}
}

// earliest is the reader whose line was written first; a line without a time is part of the one before it. nil: all are at their ends.
func earliest(open []*reader) *reader {
	var first *reader
	for _, r := range open {
		switch {
		case r.line == nil:
		case r.line.At == nil:
			return r
		case first == nil || r.line.At.Before(*first.line.At):
			first = r
		}
	}
	return first
}

func (s *stream) notice(of source, notice api.LogLineNotice, text string) api.LogLine {
	lane := s.lanes[of.pod]
	return api.LogLine{Pod: of.pod, Container: of.container, Revision: lane.Revision, Role: lane.Role, Notice: notice, Text: text}
}

func (s *stream) reader(ctx context.Context, one source) (*reader, error) {
	return s.open(ctx, one, s.lanes[one.pod])
}

func (s *stream) open(ctx context.Context, one source, lane look.Lane) (*reader, error) {
	lines := int64(usualLines)
	if s.want.Tail != nil {
		lines = int64(*s.want.Tail)
	}
	options := &corev1.PodLogOptions{Container: one.container, Follow: s.want.Follow, Previous: s.want.Previous, Timestamps: true, TailLines: &lines}
	if since := int64(s.want.SinceSeconds); since > 0 {
		options.SinceSeconds = &since
	}
	if !s.want.Follow {
		most := int64(mostBytes)
		options.LimitBytes = &most
	}
	body, err := s.logs.cfg.Open(ctx, s.person, s.ns, one.pod, options)
	if err != nil {
		return nil, err
	}
	return newReader(body, one, lane, strings.ToLower(s.want.Q)), nil
}
