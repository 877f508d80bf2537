// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package fakenode

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
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
	// Now is the clock for start times.
	Now func() metav1.Time
	// Log receives writes that failed.
	Log *slog.Logger
}

// workers is how many pods are written at once.
const workers = 16

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
		if err := n.createNode(ctx, fmt.Sprintf("fake-%d", i)); err != nil {
			return nil, err
		}
	}
	work := make(chan *corev1.Pod, 4096)
	for range workers {
		go func() {
			for pod := range work {
				n.serve(ctx, pod)
			}
		}()
	}
	factory := informers.NewSharedInformerFactory(client, 0)
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
	}); err != nil {
		return nil, fmt.Errorf("watching pods: %w", err)
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return n, nil
}

// Image is the image of the pod at an address, empty when there is none.
func (n *Nodes) Image(address string) string {
	image, _ := n.images.Load(address)
	text, _ := image.(string)
	return text
}

// Version is the image's tag, with a capital first letter as the demo program answers it.
func (n *Nodes) Version(address string) string {
	_, tag, _ := strings.Cut(n.Image(address), ":")
	return strings.ToUpper(tag)
}

// needsWork says whether a pod of these nodes is to be started or removed.
func needsWork(pod *corev1.Pod) bool {
	if !strings.HasPrefix(pod.Spec.NodeName, "fake-") {
		return false
	}
	return pod.DeletionTimestamp != nil || pod.Status.Phase == corev1.PodPending
}

func (n *Nodes) serve(ctx context.Context, pod *corev1.Pod) {
	pods := n.client.CoreV1().Pods(pod.Namespace)
	var err error
	if pod.DeletionTimestamp != nil {
		err = pods.Delete(ctx, pod.Name, metav1.DeleteOptions{
			GracePeriodSeconds: ptr.To[int64](0), Preconditions: metav1.NewUIDPreconditions(string(pod.UID)),
		})
		if address, ok := n.known.LoadAndDelete(pod.UID); ok {
			n.images.Delete(address)
		}
	} else if _, started := n.known.Load(pod.UID); !started {
		_, err = pods.Patch(ctx, pod.Name, types.MergePatchType, n.runningStatus(pod), metav1.PatchOptions{}, "status")
	}
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) && ctx.Err() == nil {
		n.cfg.Log.Error("writing a pod", "pod", pod.Name, "error", err)
	}
}

// runningStatus is the one write of a kubelet whose containers start at once.
func (n *Nodes) runningStatus(pod *corev1.Pod) []byte {
	address := n.address()
	n.known.Store(pod.UID, address)
	n.images.Store(address, pod.Spec.Containers[0].Image)
	now := n.cfg.Now()
	condition := func(t corev1.PodConditionType) corev1.PodCondition {
		return corev1.PodCondition{Type: t, Status: corev1.ConditionTrue, LastTransitionTime: now}
	}
	status := corev1.PodStatus{
		Phase: corev1.PodRunning, PodIP: address, PodIPs: []corev1.PodIP{{IP: address}}, StartTime: &now,
		Conditions: []corev1.PodCondition{
			condition(corev1.PodScheduled), condition(corev1.PodInitialized), condition(corev1.ContainersReady), condition(corev1.PodReady),
		},
	}
	for _, c := range pod.Spec.Containers {
		status.ContainerStatuses = append(status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Image: c.Image, Ready: true, Started: ptr.To(true),
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		})
	}
	patch, err := json.Marshal(map[string]any{"status": status})
	if err != nil {
		panic(err) // the API's own types always marshal
	}
	return patch
}

// address takes the next address of the range; it leaves out the network's own.
func (n *Nodes) address() string {
	base := n.cfg.Range.Masked().Addr().As4()
	v := uint32(base[0])<<24 | uint32(base[1])<<16 | uint32(base[2])<<8 | uint32(base[3])
	v += n.next.Add(1)
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)}).String()
}

func (n *Nodes) createNode(ctx context.Context, name string) error {
	capacity := corev1.ResourceList{
		corev1.ResourceCPU: resource.MustParse("1000"), corev1.ResourceMemory: resource.MustParse("1Ti"), corev1.ResourcePods: resource.MustParse("5000"),
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelHostname: name}}}
	node, err := n.client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("making node %s: %w", name, err)
	}
	node.Status = corev1.NodeStatus{Capacity: capacity, Allocatable: capacity, Conditions: []corev1.NodeCondition{{
		Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "Fake", LastHeartbeatTime: n.cfg.Now(), LastTransitionTime: n.cfg.Now(),
	}}}
	if _, err := n.client.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{}); err != nil {
		return fmt.Errorf("making node %s ready: %w", name, err)
	}
	node, err = n.client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil || len(node.Spec.Taints) == 0 {
		return err
	}
	node.Spec.Taints = nil // the API server taints a node that was made not ready
	_, err = n.client.CoreV1().Nodes().Update(ctx, node, metav1.UpdateOptions{})
	return err
}
