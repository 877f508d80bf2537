// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apptest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
)

const (
	viewers  = 200
	sessions = viewers / 4
	toggles  = 20
)

// heard is an event with the time at which it came.
type heard struct {
	api.StreamEvent
	raw string
	at  time.Time
}

// follow opens a stream; the channel is closed when it ends.
func (b *tab) follow(ctx context.Context, t *testing.T, topics ...string) <-chan heard {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+"/stream?topics="+strings.Join(topics, ","), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := b.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		raw, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		t.Fatalf("opening a stream: %s %s", resp.Status, raw)
	}
	events := make(chan heard, 128)
	go func() {
		defer close(events)
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			raw, ok := strings.CutPrefix(lines.Text(), "data: ")
			h := heard{raw: raw, at: time.Now()}
			if ok && json.Unmarshal([]byte(raw), &h.StreamEvent) == nil {
				events <- h
			}
		}
	}()
	return events
}

// wait takes events until one is so.
func wait(t *testing.T, events <-chan heard, what string, so func(heard) bool) heard {
	t.Helper()
	late := time.After(60 * time.Second)
	for {
		select {
		case h, open := <-events:
			if !open {
				t.Fatalf("the stream ended before %s", what)
			}
			if so(h) {
				return h
			}
		case <-late:
			t.Fatalf("never: %s", what)
		}
	}
}

// watches counts those that the API server has open, by resource.
func (p *plane) watches(t *testing.T) map[string]int {
	t.Helper()
	kube, err := kubernetes.NewForConfig(p.config)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := kube.RESTClient().Get().AbsPath("/metrics").DoRaw(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]int{}
	resource := regexp.MustCompile(`^apiserver_longrunning_requests\{.*\bgroup="([^"]*)".*,resource="([^"]*)".*verb="WATCH".*\} (\d+)`)
	for line := range strings.Lines(string(raw)) {
		if found := resource.FindStringSubmatch(line); found != nil {
			n, err := strconv.Atoi(found[3])
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			open[found[2]+"."+found[1]] += n
		}
	}
	if open["applications.core.oam.dev"] == 0 {
		t.Fatalf("the API server does not tell how many watches are open: %v", open)
	}
	return open
}

// settled counts the open watches once they have not changed for a while: clients of a kind whose definition was changed, as
// the registration of a conversion does, come back after some seconds.
func (p *plane) settled(t *testing.T) map[string]int {
	t.Helper()
	apart := time.NewTicker(time.Second)
	defer apart.Stop()
	last, same := p.watches(t), 0
	for range 90 {
		<-apart.C
		now := p.watches(t)
		if same++; !maps.Equal(now, last) {
			last, same = now, 0
		}
		if same == 10 {
			return now
		}
	}
	t.Fatal("the watches at the API server do not settle")
	return nil
}

// heap is what the process has in use, with the stacks of its goroutines, in bytes.
func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse + m.StackInuse) //nolint:gosec // far below
}

// page is VelaUX for many who look at one release.
func (p *plane) page(t *testing.T) {
	if err := p.up(t, "default", canary("looked-at", "v1")); err != nil {
		t.Fatal(err)
	}
	p.phase(t, "default", "looked-at", v1beta1.PhaseWorkflowSuspending)
	token := p.token(t, "onlooker", access.Viewer)
	first := p.open(t, api.LoginRequest{Kind: api.LoginRequestKindToken, Token: token})

	kube, err := kubernetes.NewForConfig(p.config)
	if err != nil {
		t.Fatal(err)
	}
	nobodys, err := kube.CoreV1().ServiceAccounts("default").CreateToken(t.Context(), "default", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	stranger := p.open(t, api.LoginRequest{Kind: api.LoginRequestKindToken, Token: nobodys.Status.Token})
	stranger.ask(http.MethodGet, "/apps/default/looked-at/topology", nil, http.StatusForbidden, nil)
	denied := stranger.follow(t.Context(), t, "app:default/looked-at")
	wait(t, denied, "the refusal", func(h heard) bool { return h.Event == api.StreamEventEventDenied })

	var system api.System
	first.ask(http.MethodGet, "/system", nil, http.StatusOK, &system)
	for _, c := range system.Checks {
		if c.State == api.CheckStateFailed || c.State == api.CheckStateUnknown {
			t.Errorf("system status: %s is %s: %s", c.Id, c.State, c.Message)
		}
	}

	topics := []string{"app:default/looked-at", "topology:default/looked-at", "pods:default/looked-at", "activity:default/looked-at"}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begin := func(events <-chan heard) {
		t.Helper()
		missing := slices.Clone(topics)
		wait(t, events, "a snapshot of each topic", func(h heard) bool {
			if h.Event == api.StreamEventEventSnapshot {
				missing = slices.DeleteFunc(missing, func(topic string) bool { return topic == h.Topic })
			}
			return len(missing) == 0
		})
	}
	streams := []<-chan heard{first.follow(ctx, t, topics...)}
	begin(streams[0])
	one := p.settled(t)
	before := heap()
	for i := range sessions {
		viewer := p.open(t, api.LoginRequest{Kind: api.LoginRequestKindToken, Token: token})
		for range 4 {
			if i == 0 && len(streams) == 4 {
				break // with the first there are two hundred
			}
			streams = append(streams, viewer.follow(ctx, t, topics...))
		}
	}
	for _, events := range streams[1:] {
		begin(events)
	}
	for resource, many := range p.watches(t) {
		if many > one[resource] {
			t.Errorf("%d watches of %s are open for %d streams, %d for one", many, resource, len(streams), one[resource])
		}
	}
	grown := heap() - before
	t.Logf("%d streams of %d topics: as many watches at the API server as for one (%d); %d KiB of memory for each, the client's side included",
		len(streams), len(topics), sum(maps.Values(one)), grown/int64(len(streams)-1)/1024)
	p.toReady(t, streams)
}

func sum(all iter.Seq[int]) int {
	total := 0
	for n := range all {
		total += n
	}
	return total
}

// toReady measures how long a pod that becomes ready takes to the first and to the last of all pages. The pod is no node's, so that
// nobody but the test writes its status.
func (p *plane) toReady(t *testing.T, streams []<-chan heard) {
	t.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "by-hand", Labels: map[string]string{
		v1beta1.LabelAppName: "looked-at", v1beta1.LabelAppComponent: "looked-at",
	}}}
	pod.Spec.SchedulerName = "nobody"
	pod.Spec.Containers = []corev1.Container{{Name: "c", Image: "none"}}
	if err := p.client.Create(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	var one, all []time.Duration
	apart := time.NewTicker(time.Second) // a topic is not worked out twice in a quarter of a second: each change is to be the first
	defer apart.Stop()
	for i := range toggles {
		<-apart.C
		ip := fmt.Sprintf("198.51.100.%d", i+1) // in the data of the topic, so that each change is told apart
		patch := fmt.Sprintf(`{"status":{"podIP":%q,"podIPs":[{"ip":%[1]q}],"phase":"Running","conditions":[{"type":"Ready","status":"True","lastTransitionTime":%q}]}}`,
			ip, time.Now().UTC().Format(time.RFC3339))
		begun := time.Now()
		if err := p.client.Status().Patch(t.Context(), pod, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
			t.Fatal(err)
		}
		var last time.Duration
		for j, events := range streams {
			h := wait(t, events, "the pod with "+ip, func(h heard) bool { return h.Topic == "pods:default/looked-at" && strings.Contains(h.raw, ip) })
			took := h.at.Sub(begun)
			if j == 0 {
				one = append(one, took)
			}
			last = max(last, took)
		}
		all = append(all, last)
	}
	t.Logf("pod Ready to the event on one stream: %s; on the last of %d: %s (with the write itself)", spread(one), len(streams), spread(all))
	if err := p.client.Delete(t.Context(), pod, client.GracePeriodSeconds(0)); err != nil {
		t.Error(err)
	}
	wait(t, streams[0], "the pod is gone", func(h heard) bool {
		var list api.PodList
		raw, err := json.Marshal(h.Data)
		return h.Topic == "pods:default/looked-at" && err == nil && errors.Join(json.Unmarshal(raw, &list)) == nil && len(list.Items) > 0 && !strings.Contains(h.raw, "by-hand")
	})
}

// spread is the middle and the worst of some times.
func spread(all []time.Duration) string {
	slices.Sort(all)
	at := func(percent int) time.Duration {
		return all[min(len(all)-1, len(all)*percent/100)].Round(100 * time.Microsecond)
	}
	return fmt.Sprintf("p50 %s, p95 %s, most %s", at(50), at(95), all[len(all)-1].Round(100*time.Microsecond))
}
