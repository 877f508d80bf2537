// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package stream_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
	"github.com/vela-rollouts/vela/internal/server/stream"
)

// told is a source that a benchmark speaks by.
type told chan func(client.Object)

// Follow hands out the way to tell of changes.
func (t told) Follow(_ context.Context, _ client.Object, changed func(client.Object)) error {
	t <- changed
	return nil
}

// BenchmarkViewers sends a change of one topic to two hundred streams over real connections. KiB/viewer is what the server has in use
// for each of them: clients are bare sockets.
func BenchmarkViewers(b *testing.B) {
	const viewers = 200
	var n atomic.Int64
	pods := strings.Repeat(`{"name":"demo-6d4cf56db6-x2x4b","state":"Ready"},`, 200)
	source := make(told, 1)
	hub := stream.New(stream.Config{
		Source: source, Clock: clock.RealClock{}, Log: slog.New(slog.DiscardHandler), Again: access.From,
		Feeds: map[stream.Kind]stream.Feed{stream.App: {
			Needs: func(stream.Topic) []access.Check { return nil },
			Data: func(context.Context, stream.Topic, []string) (any, error) {
				return map[string]any{"n": n.Load(), "pods": pods}, nil
			},
			Kinds:   []client.Object{&corev1.Pod{}},
			Touched: func(stream.Topic, client.Object) bool { return true },
		}},
	})
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- hub.Run(ctx) }()
	changed := <-source
	session := atomic.Int64{}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := access.WithPerson(r.Context(), access.Person{User: "v", Session: fmt.Sprint(session.Add(1))})
		answer, err := hub.OpenStream(who, api.OpenStreamRequestObject{Params: api.OpenStreamParams{Topics: "app:default/demo"}})
		if err != nil {
			problem.Write(w, problem.From(err), "")
			return
		}
		_ = answer.VisitOpenStreamResponse(w)
	}))
	before := inUse()
	readers := make([]*bufio.Reader, viewers)
	for i := range readers {
		conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", strings.TrimPrefix(web.URL, "http://"))
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		if _, err := fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			b.Fatal(err)
		}
		readers[i] = bufio.NewReaderSize(conn, 16)
		until(b, readers[i], "event: snapshot")
	}
	each := (inUse() - before) / viewers
	for b.Loop() {
		n.Add(1)
		changed(&corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "demo"}})
		want := fmt.Sprintf(`"n":%d`, n.Load())
		for _, r := range readers {
			until(b, r, want)
		}
	}
	b.ReportMetric(float64(each)/1024, "KiB/viewer")
	stop()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	web.Close()
}

// until reads up to a text.
func until(b *testing.B, r *bufio.Reader, text string) {
	b.Helper()
	matched := 0
	for matched < len(text) {
		c, err := r.ReadByte()
		if err != nil {
			b.Fatal(err)
		}
		switch c {
		case text[matched]:
			matched++
		case text[0]:
			matched = 1
		default:
			matched = 0
		}
	}
}

func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}
