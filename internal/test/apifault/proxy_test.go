// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apifault_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/vela-rollouts/vela/internal/test/apifault"
)

// server counts what reaches it; a watch of it says a line whenever told to.
func server(t *testing.T) (p *apifault.Proxy, asked *atomic.Int64, say chan string) {
	t.Helper()
	asked, say = &atomic.Int64{}, make(chan string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.Query().Get("watch") == "" {
			_, _ = fmt.Fprint(w, "done")
			return
		}
		w.WriteHeader(http.StatusOK)
		for {
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
				return
			case line := <-say:
				_, _ = fmt.Fprintln(w, line)
			}
		}
	}))
	t.Cleanup(s.Close)
	p, err := apifault.Start(&rest.Config{Host: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p, asked, say
}

func get(t *testing.T, url string) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, url, nil) // net/http repeats a GET by itself
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err == nil {
		t.Cleanup(func() { _ = resp.Body.Close() })
	}
	return resp, err
}

func TestRequestsAreDisturbedAsTold(t *testing.T) {
	cases := map[string]struct {
		faults apifault.Faults
		status [4]int // 0 for no answer
		asked  int64
		reason string
	}{
		"nothing is disturbed":             {apifault.Faults{}, [4]int{200, 200, 200, 200}, 4, "the zero value passes everything on"},
		"every second one is refused":      {apifault.Faults{Every: 2, Status: 429}, [4]int{200, 429, 200, 429}, 2, "who is refused did not reach the API server"},
		"all are carried out in silence":   {apifault.Faults{Every: 1, Mute: true}, [4]int{}, 4, "what was asked is done"},
		"slow ones are answered in time":   {apifault.Faults{Every: 4, Slow: 10 * time.Millisecond}, [4]int{200, 200, 200, 200}, 4, "slow is not refused"},
		"slow ones may be refused at last": {apifault.Faults{Every: 4, Slow: time.Millisecond, Status: 503}, [4]int{200, 200, 200, 503}, 3, "both together"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, asked, _ := server(t)
			p.Set(c.faults)
			for i, want := range c.status {
				resp, err := get(t, p.URL())
				got := 0
				if err == nil {
					got = resp.StatusCode
				}
				if got != want {
					t.Errorf("request %d was answered with %d (%v), want %d: %s", i+1, got, err, want, c.reason)
				}
			}
			if asked.Load() != c.asked {
				t.Errorf("%d requests reached the API server, want %d: %s", asked.Load(), c.asked, c.reason)
			}
		})
	}
}

func TestAnEventIsLateByTheLagOfNow(t *testing.T) {
	p, _, say := server(t)
	p.Set(apifault.Faults{WatchLag: time.Hour})
	resp, err := get(t, p.URL()+"/?watch=true")
	if err != nil {
		t.Fatal(err)
	}
	lines := make(chan string)
	go func() {
		for s := bufio.NewScanner(resp.Body); s.Scan(); {
			lines <- s.Text()
		}
		close(lines)
	}()
	say <- "changed"
	select {
	case line := <-lines:
		t.Fatalf("%q arrived, an hour early", line)
	case <-time.After(100 * time.Millisecond):
	}
	p.Set(apifault.Faults{})
	if line := <-lines; line != "changed" {
		t.Errorf("%q arrived, want what was said", line)
	}
	if n := p.CutWatches(); n != 1 {
		t.Errorf("%d watches were cut, want the one that is open", n)
	}
	if line, more := <-lines; more {
		t.Errorf("the watch goes on with %q after it was cut", line)
	}
}

func TestAWatchEndsWithItsLife(t *testing.T) {
	p, _, _ := server(t)
	p.Set(apifault.Faults{WatchLife: 50 * time.Millisecond})
	resp, err := get(t, p.URL()+"/?watch=1")
	if err != nil {
		t.Fatal(err)
	}
	if s := bufio.NewScanner(resp.Body); s.Scan() {
		t.Errorf("it says %q", s.Text())
	}
}

func TestTheKubeconfigLeadsToTheProxy(t *testing.T) {
	p, _, _ := server(t)
	path, err := p.Kubeconfig(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil || config.Host != p.URL() {
		t.Errorf("it leads to %v (%v), want %s", config, err, p.URL())
	}
}
