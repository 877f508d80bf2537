// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vela-rollouts/vela/internal/edge/balance"
	"github.com/vela-rollouts/vela/internal/edge/plan"
)

// collector turns the counters of the data path into metrics when they are asked for. Labels come from the served table
// alone, never from requests, so their number is bounded by it.
type collector struct{ edge *Edge }

// Describe is left open: what there is depends on the table.
func (c *collector) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	select {
	case <-c.edge.ready:
	default:
		return
	}
	p := c.edge.publisher.publish()
	gauge(out, "vela_edge_plan_revision", "Revision of the published plan.", nil, float64(p.Revision))
	metric(out, "vela_edge_handed_over_total", "Connections that the fast path handed over to net/http.", nil, prometheus.CounterValue, float64(c.edge.handedOver.Load()))
	for key, i := range p.Ingresses {
		labels := prometheus.Labels{"ingress": key}
		if i.Canary {
			gauge(out, "vela_edge_canary_weight_ratio", "Share of requests that the canary is asked to get, 0 to 1.", labels, float64(i.Weight)/float64(max(i.Total, 1)))
		}
		gauge(out, "vela_edge_ingress_problems", "Problems found in the Ingress.", labels, float64(len(i.Problems)))
	}
	for key, s := range p.Services {
		gauge(out, "vela_edge_in_flight", "Requests and upgraded connections in flight.", prometheus.Labels{"service": key}, float64(s.InFlight))
		states := map[string]int{plan.Probing: 0, plan.Ready: 0, plan.Draining: 0}
		for _, end := range s.Endpoints {
			states[end.State]++
		}
		for state, n := range states {
			gauge(out, "vela_edge_endpoints", "Endpoints by state.", prometheus.Labels{"service": key, "state": state}, float64(n))
		}
	}
	c.routes(out)
}

func (c *collector) routes(out chan<- prometheus.Metric) {
	s := c.edge.snapshot.Load()
	for i := range s.routes {
		r := &s.routes[i]
		for _, v := range r.balance.Versions {
			labels := prometheus.Labels{"host": r.Host, "path": r.Path, "kind": string(r.Kind), "version": v.Name, "service": v.Pool.Service.Name}
			if r.Name != "" {
				labels["route"] = r.Name
			}
			collectStats(out, labels, v.Stats)
		}
	}
}

func collectStats(out chan<- prometheus.Metric, labels prometheus.Labels, s *balance.Stats) {
	for class := range s.Classes {
		if n := s.Classes[class].Load(); n > 0 {
			metric(out, "vela_edge_requests_total", "Finished requests by class of status.", with(labels, "code", strconv.Itoa(class)+"xx"), prometheus.CounterValue, float64(n))
		}
	}
	metric(out, "vela_edge_retries_total", "Attempts beyond the first.", labels, prometheus.CounterValue, float64(s.Retries.Load()))
	buckets, total := map[float64]uint64{}, uint64(0)
	for i, bound := range balance.Bounds() {
		total += s.Buckets[i].Load()
		buckets[bound] = total
	}
	total += s.Buckets[len(s.Buckets)-1].Load()
	sum := time.Duration(s.Nanos.Load()).Seconds() //nolint:gosec // a sum of durations, far from the limit
	desc := prometheus.NewDesc("vela_edge_request_duration_seconds", "From the end of the request's header to the end of the answer.", nil, labels)
	out <- prometheus.MustNewConstHistogram(desc, total, sum, buckets)
}

func with(labels prometheus.Labels, key, value string) prometheus.Labels {
	more := prometheus.Labels{key: value}
	for k, v := range labels {
		more[k] = v
	}
	return more
}

func gauge(out chan<- prometheus.Metric, name, help string, labels prometheus.Labels, value float64) {
	metric(out, name, help, labels, prometheus.GaugeValue, value)
}

func metric(out chan<- prometheus.Metric, name, help string, labels prometheus.Labels, kind prometheus.ValueType, value float64) {
	out <- prometheus.MustNewConstMetric(prometheus.NewDesc(name, help, nil, labels), kind, value)
}
