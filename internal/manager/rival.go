// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// rivalWebhooks is what the controller of OpenKruise Rollouts registers itself by, and takes along when it is removed.
const rivalWebhooks = "kruise-rollout-validating-webhook-configuration"

// lookEvery is how often the cluster is looked at for it.
const lookEvery = 30 * time.Second

// rival knows whether the controller of OpenKruise Rollouts is in the cluster. Two controllers would undo each other's work, so
// Rollouts are left to it then.
type rival struct {
	reader  client.Reader // past the caches
	clock   clock.WithTicker
	log     logr.Logger
	changed func(ctx context.Context) error // is told; nil for nobody
	there   atomic.Bool
	gauge   prometheus.Gauge
}

func newRival(reader client.Reader, log logr.Logger, metrics prometheus.Registerer) (*rival, error) {
	r := &rival{reader: reader, clock: clock.RealClock{}, log: log, gauge: prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "vela_rollouts_left_to_openkruise", Help: "1 while the controller of OpenKruise Rollouts is installed and Rollouts are left to it.",
	})}
	var twice prometheus.AlreadyRegisteredError
	if err := metrics.Register(r.gauge); errors.As(err, &twice) {
		if is, ok := twice.ExistingCollector.(prometheus.Gauge); ok {
			r.gauge = is
		}
	} else if err != nil {
		return nil, fmt.Errorf("adding a metric: %w", err)
	}
	return r, nil
}

// look reads whether it is there, and says so when that has changed.
func (r *rival) look(ctx context.Context) error {
	err := r.reader.Get(ctx, client.ObjectKey{Name: rivalWebhooks}, &admissionregistrationv1.ValidatingWebhookConfiguration{})
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("looking for OpenKruise Rollouts: %w", err)
	}
	is := err == nil
	if r.there.Swap(is) == is {
		return nil
	}
	r.gauge.Set(0)
	if is {
		r.gauge.Set(1)
		r.log.Info("OpenKruise Rollouts is installed: Rollouts are left to it, and canary steps of Applications wait; remove it to release by vela",
			"ValidatingWebhookConfiguration", rivalWebhooks)
	} else {
		r.log.Info("OpenKruise Rollouts is not installed any more: Rollouts are carried out by vela")
	}
	if r.changed == nil {
		return nil
	}
	return r.changed(ctx)
}

// Start looks again and again.
func (r *rival) Start(ctx context.Context) error {
	t := r.clock.NewTicker(lookEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C():
			if err := r.look(ctx); err != nil && ctx.Err() == nil {
				r.log.Error(err, "what is known stays")
			}
		}
	}
}

// NeedLeaderElection is false: every process answers the API server.
func (*rival) NeedLeaderElection() bool { return false }
