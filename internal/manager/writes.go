// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// writes counts the write requests of this process by field manager (one for each controller), verb and resource.
type writes struct{ counter *prometheus.CounterVec }

func newWrites(registry prometheus.Registerer) (*writes, error) {
	w := &writes{counter: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "vela_api_writes_total",
		Help: "Write requests to the API server, by field manager, verb and resource.",
	}, []string{"manager", "verb", "resource"})}
	var already prometheus.AlreadyRegisteredError
	if err := registry.Register(w.counter); errors.As(err, &already) {
		counter, ok := already.ExistingCollector.(*prometheus.CounterVec)
		if !ok {
			return nil, fmt.Errorf("counting writes: %w", err)
		}
		w.counter = counter
	} else if err != nil {
		return nil, fmt.Errorf("counting writes: %w", err)
	}
	return w, nil
}

// count is a transport that counts and passes on.
func (w *writes) count(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(req *http.Request) (*http.Response, error) {
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			manager := req.URL.Query().Get("fieldManager")
			if manager == "" {
				manager = "other"
			}
			w.counter.WithLabelValues(manager, strings.ToLower(req.Method), resourceOf(req.URL.Path)).Inc()
		}
		return next.RoundTrip(req)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// resourceOf is resource or resource/subresource in a path such as /apis/apps/v1/namespaces/ns/deployments/web/status.
func resourceOf(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	skip := 2 // api/v1
	if len(parts) > 0 && parts[0] == "apis" {
		skip = 3
	}
	if len(parts) <= skip {
		return "other"
	}
	parts = parts[skip:]
	if parts[0] == "namespaces" && len(parts) > 2 {
		parts = parts[2:]
	}
	if len(parts) > 2 {
		return parts[0] + "/" + parts[2]
	}
	return parts[0]
}
