// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package fakenode

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	"k8s.io/utils/ptr"
)

// Config of the fake nodes.
type Config struct {
	// Nodes is how many there are.
	Nodes int
	// Range that pod addresses are taken from, in order. It must be routed to this machine and nowhere else.
	Range netip.Prefix
	// Linger is how long a pod that is gone still answers.
	Linger time.Duration
	// Now is the clock for start times and heartbeats.
	Now func() time.Time
	// Log receives writes that failed.
	Log *slog.Logger
}

// workers is how many pods are written at once.
const workers = 16

// prefix of the names of fake nodes.
const prefix = "fake-"

// Nodes are fake kubelets.
type Nodes struct {
	cfg    Config
	client kubernetes.Interface
	next   atomic.Uint32
	images sync.Map // address -> image
	known  sync.Map // pod UID -> address
}

// Start makes the nodes and serves their pods until ctx ends.
func Start(ctx context.Context, client kubernetes.Interface, cfg Config) (*Nodes, error) {
	n := &Nodes{cfg: cfg, client: client}
	for i := range cfg.Nodes {
		if err := n.createNode(ctx, fmt.Sprintf("%s%d", prefix, i)); err != nil {
			return nil, err
		}
	}
	go n.beat(ctx)
	work := make(chan *corev1.Pod, 4096)
	for range workers {
		go func() {
			for {
				select {
				case pod := <-work:
					n.serve(ctx, pod)
				case <-ctx.Done():
					return
				}
			}
		}()
	}
	if err := n.watch(ctx, work); err != nil {
		return nil, err
	}
	return n, nil
}

// watch hands over every pod of these nodes for which there is something to write.
func (n *Nodes) watch(ctx context.Context, work chan<- *corev1.Pod) error {
	factory := informers.NewSharedInformerFactory(n.client, 0)
	pods := factory.Core().V1().Pods().Informer()
	hand := func(o any) {
		if pod, ok := o.(*corev1.Pod); ok && needsWork(pod) {
			select {
			case work <- pod:
			case <-ctx.Done():
			}
		}
	}
	if _, err := pods.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    hand,
		UpdateFunc: func(_, o any) { hand(o) },
		DeleteFunc: func(o any) {
			if pod, ok := o.(*corev1.Pod); ok {
				n.forget(pod.UID)
			}
		},
	}); err != nil {
		return fmt.Errorf("watching pods: %w", err)
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return ctx.Err()
}

// Image is the image of the pod at an address, empty when there is none.
func (n *Nodes) Image(address string) string {
	image, _ := n.images.Load(address)
	text, _ := image.(string)
	return text
}

// Version is the image's tag in capitals, as the demo program answers it.
func (n *Nodes) Version(address string) string {
	image := n.Image(address)
	return strings.ToUpper(image[strings.LastIndexByte(image, ':')+1:])
}

// needsWork says whether a pod of these nodes is to be started or removed.
func needsWork(pod *corev1.Pod) bool {
	if !strings.HasPrefix(pod.Spec.NodeName, prefix) {
		return false
	}
	return pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodPending
}

// serve makes the one write that a pod needs now.
func (n *Nodes) serve(ctx context.Context, pod *corev1.Pod) {
	pods := n.client.CoreV1().Pods(pod.Namespace)
	var err error
	if pod.DeletionTimestamp != nil {
		err = pods.Delete(ctx, pod.Name, metav1.DeleteOptions{
			GracePeriodSeconds: ptr.To[int64](0), Preconditions: metav1.NewUIDPreconditions(string(pod.UID)),
		})
	} else if address, first := n.claim(pod); first {
		_, err = pods.Patch(ctx, pod.Name, types.MergePatchType, runningStatus(pod, address, metav1.NewTime(n.cfg.Now())), metav1.PatchOptions{}, "status")
		if err != nil {
			n.forget(pod.UID)
		}
	}
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) && ctx.Err() == nil {
		n.cfg.Log.Error("writing a pod", "pod", pod.Name, "error", err)
	}
}

// claim gives a pod its address, and says whether this call was the one that did. The pod answers from then on.
func (n *Nodes) claim(pod *corev1.Pod) (address string, first bool) {
	if known, ok := n.known.Load(pod.UID); ok {
		return known.(string), false
	}
	address = n.address()
	if known, taken := n.known.LoadOrStore(pod.UID, address); taken {
		return known.(string), false
	}
	n.images.Store(address, pod.Spec.Containers[0].Image)
	return address, true
}

// forget lets a pod's address answer a little longer, and then no more.
func (n *Nodes) forget(uid types.UID) {
	if address, ok := n.known.LoadAndDelete(uid); ok {
		time.AfterFunc(n.cfg.Linger, func() { n.images.Delete(address) })
	}
}

// address takes the next address of the range; it leaves out the network's own.
func (n *Nodes) address() string {
	base := n.cfg.Range.Masked().Addr().As4()
	var next [4]byte
	binary.BigEndian.PutUint32(next[:], binary.BigEndian.Uint32(base[:])+n.next.Add(1))
	return netip.AddrFrom4(next).String()
}
