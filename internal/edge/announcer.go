// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"fmt"
	"log/slog"
	"maps"

	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/util/workqueue"

	"github.com/vela-rollouts/vela/internal/edge/table"
)

// fieldManager owns what the edge writes: status.loadBalancer, and nothing else.
const fieldManager = "vela-edge"

// announcer writes the edge's address into the status of the Ingresses it serves, once for each.
type announcer struct {
	client  kubernetes.Interface
	address string
	log     *slog.Logger
	queue   workqueue.TypedRateLimitingInterface[types.NamespacedName]
	stages  map[types.UID]stage // only look uses it
}

// stage is how far the announcement of one Ingress is.
type stage int

const (
	unannounced stage = iota
	queued            // being written; the queue tries again by itself
	seen              // read back from the cluster
)

func newAnnouncer(client kubernetes.Interface, address string, log *slog.Logger) *announcer {
	return &announcer{
		client:  client,
		address: address,
		log:     log,
		queue:   workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[types.NamespacedName]()),
		stages:  map[types.UID]stage{},
	}
}

// look queues the Ingresses that lack the address. One whose status somebody else has filled after us is left alone: two
// writers that correct each other would never end.
func (a *announcer) look(in table.Input) {
	if a.address == "" {
		return
	}
	present := make(map[types.UID]bool, len(in.Ingresses))
	for _, ing := range in.Ingresses {
		if !in.Owns(ing) || table.IsCanary(ing) {
			continue
		}
		present[ing.UID] = true
		has := ing.Status.LoadBalancer.Ingress
		switch at := a.stages[ing.UID]; {
		case a.announced(has):
			a.stages[ing.UID] = seen
		case at == queued, at == seen && len(has) > 0:
		default:
			a.stages[ing.UID] = queued
			a.queue.Add(types.NamespacedName{Namespace: ing.Namespace, Name: ing.Name})
		}
	}
	maps.DeleteFunc(a.stages, func(uid types.UID, _ stage) bool { return !present[uid] })
}

func (a *announcer) announced(has []networkingv1.IngressLoadBalancerIngress) bool {
	return len(has) == 1 && has[0].IP == a.address && has[0].Hostname == ""
}

// run writes what is queued until the context ends.
func (a *announcer) run(ctx context.Context) {
	stop := context.AfterFunc(ctx, a.queue.ShutDown)
	defer stop()
	for {
		key, over := a.queue.Get()
		if over {
			return
		}
		if err := a.announce(ctx, key); err != nil && ctx.Err() == nil {
			a.log.Warn("publishing the edge's address", "ingress", key.String(), "error", err)
			a.queue.AddRateLimited(key)
		} else {
			a.queue.Forget(key)
		}
		a.queue.Done(key)
	}
}

func (a *announcer) announce(ctx context.Context, key types.NamespacedName) error {
	patch := fmt.Appendf(nil, `{"status":{"loadBalancer":{"ingress":[{"ip":%q}]}}}`, a.address)
	_, err := a.client.NetworkingV1().Ingresses(key.Namespace).Patch(ctx, key.Name, types.MergePatchType, patch,
		metav1.PatchOptions{FieldManager: fieldManager}, "status")
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("patching status.loadBalancer: %w", err)
	}
	return nil
}
