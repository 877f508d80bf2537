// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/vela-rollouts/vela/internal/edge/plan"
)

// admin serves what the edge says about itself. Everything is a GET and changes nothing.
func (e *Edge) admin() http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(&collector{e}, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+plan.Path, e.servePlan)
	mux.HandleFunc("GET /-/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok\n") })
	mux.HandleFunc("GET /-/readyz", e.serveReady)
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return mux
}

// serveReady answers 200 from the first table on until a stop begins.
func (e *Edge) serveReady(w http.ResponseWriter, _ *http.Request) {
	select {
	case <-e.ready:
	default:
		http.Error(w, "the first routing table is not installed yet", http.StatusServiceUnavailable)
		return
	}
	if e.stopping.Load() {
		http.Error(w, "stopping", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

func (e *Edge) servePlan(w http.ResponseWriter, req *http.Request) {
	select {
	case <-e.ready:
	default:
		http.Error(w, "the first routing table is not installed yet", http.StatusServiceUnavailable)
		return
	}
	query := req.URL.Query()
	ingress, service := query.Get("ingress"), query.Get("service")
	if query.Get("watch") == "true" {
		e.streamPlan(w, req, ingress, service)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	_ = out.Encode(e.publisher.publish().Only(ingress, service))
}

// streamPlan writes the whole plan, then each change of it, one line of JSON each, and an empty line when nothing
// happens for a while. A slow reader gets several changes in one line.
func (e *Edge) streamPlan(w http.ResponseWriter, req *http.Request, ingress, service string) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	news, leave := e.publisher.follow()
	defer leave()
	control := http.NewResponseController(w)
	lines := json.NewEncoder(w)
	told := e.publisher.last().Only(ingress, service)
	event, tell := plan.Event{Full: true, Plan: told}, true
	beat := time.NewTicker(plan.Heartbeat)
	defer beat.Stop()
	for {
		if tell {
			if err := lines.Encode(event); err != nil {
				return
			}
			if err := control.Flush(); err != nil {
				return
			}
		}
		select {
		case <-req.Context().Done():
			return
		case <-e.closing:
			return
		case <-news:
			now := e.publisher.last().Only(ingress, service)
			event, tell = plan.Diff(told, now)
			told = now
		case <-beat.C:
			if _, err := io.WriteString(w, "\n"); err != nil {
				return
			}
			if err := control.Flush(); err != nil {
				return
			}
			tell = false
		}
	}
}
