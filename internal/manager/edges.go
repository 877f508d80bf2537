// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	discoveryv1 "k8s.io/api/discovery/v1"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/vela-rollouts/vela/internal/traffic/ack"
)

// adminPort names the port of the edge's Service on which its replicas say what they serve.
const adminPort = "admin"

// addEdges follows the replicas of the edge; nil where there is none that tells.
func addEdges(mgr ctrl.Manager, cfg Config) (*ack.Edges, error) {
	if cfg.EdgeService == "" && len(cfg.EdgeURLs) == 0 {
		return nil, nil //nolint:nilnil // there is to be none
	}
	edges := ack.New(&http.Client{}, cfg.EdgeURLs, cfg.Log)
	if cfg.EdgeService == "" {
		return edges, nil
	}
	namespace, name, _ := strings.Cut(cfg.EdgeService, "/")
	edges.Follow(nil)
	if err := mgr.Add(&replicas{cache: mgr.GetCache(), namespace: namespace, service: name, edges: edges}); err != nil {
		return nil, fmt.Errorf("adding the look for the edge's replicas: %w", err)
	}
	return edges, nil
}

// replicas has those of the edge's Service followed, as they come and go.
type replicas struct {
	cache              cache.Cache
	namespace, service string
	edges              *ack.Edges
}

// NeedLeaderElection is false: every process shows what the edge serves.
func (*replicas) NeedLeaderElection() bool { return false }

// Start implements manager.Runnable.
func (r *replicas) Start(ctx context.Context) error {
	informer, err := r.cache.GetInformer(ctx, &discoveryv1.EndpointSlice{})
	if err != nil {
		return fmt.Errorf("watching the edge's replicas: %w", err)
	}
	look := func(o any) {
		if gone, ok := o.(toolscache.DeletedFinalStateUnknown); ok {
			o = gone.Obj
		}
		slice, ok := o.(*discoveryv1.EndpointSlice)
		if !ok || slice.Namespace != r.namespace || slice.Labels[discoveryv1.LabelServiceName] != r.service {
			return
		}
		if err := r.look(ctx); err != nil && ctx.Err() == nil {
			log.FromContext(ctx).Error(err, "looking for the edge's replicas")
		}
	}
	handle, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: look, UpdateFunc: func(_, is any) { look(is) }, DeleteFunc: look,
	})
	if err != nil {
		return fmt.Errorf("watching the edge's replicas: %w", err)
	}
	<-ctx.Done()
	return informer.RemoveEventHandler(handle)
}

// look follows those that are ready.
func (r *replicas) look(ctx context.Context) error {
	list := &discoveryv1.EndpointSliceList{}
	if err := r.cache.List(ctx, list, client.InNamespace(r.namespace), client.MatchingLabels{discoveryv1.LabelServiceName: r.service}); err != nil {
		return err
	}
	var of []*discoveryv1.EndpointSlice
	for i := range list.Items {
		of = append(of, &list.Items[i])
	}
	r.edges.Follow(ack.Replicas(of, adminPort))
	return nil
}
