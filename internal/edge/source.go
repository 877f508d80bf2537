// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	networkinglisters "k8s.io/client-go/listers/networking/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/vela-rollouts/vela/internal/edge/table"
)

// source follows the cluster and gives what a table is built from.
type source struct {
	class      string
	ingresses  networkinglisters.IngressLister
	classes    networkinglisters.IngressClassLister
	services   corelisters.ServiceLister
	slices     discoverylisters.EndpointSliceLister
	namespaces corelisters.NamespaceLister
	secrets    corelisters.SecretLister
	start      func(ctx context.Context) error
	pairs      pairs
	recall     *table.Recall
	gateways   *gatewaySource // nil: not served

	mu      sync.Mutex
	all     bool            // an Ingress or the class changed: everything may be different
	touched map[string]bool // Services and Secrets that changed
	wake    chan struct{}
}

func newSource(client kubernetes.Interface, class string) (*source, error) {
	s := &source{class: class, touched: map[string]bool{}, wake: make(chan struct{}, 1), pairs: pairs{known: map[string]pair{}}, recall: table.NewRecall()}
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(strip))
	secrets := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithTransform(strip),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) {
			o.FieldSelector = fields.OneTermEqualSelector("type", string(corev1.SecretTypeTLS)).String()
		}))
	s.ingresses = factory.Networking().V1().Ingresses().Lister()
	s.classes = factory.Networking().V1().IngressClasses().Lister()
	s.services = factory.Core().V1().Services().Lister()
	s.slices = factory.Discovery().V1().EndpointSlices().Lister()
	s.namespaces = factory.Core().V1().Namespaces().Lister()
	s.secrets = secrets.Core().V1().Secrets().Lister()
	synced := []cache.InformerSynced{}
	for informer, touch := range map[cache.SharedIndexInformer]func(metav1.Object){
		factory.Networking().V1().Ingresses().Informer():      func(metav1.Object) { s.touch("") },
		factory.Networking().V1().IngressClasses().Informer(): func(metav1.Object) { s.touch("") },
		factory.Core().V1().Namespaces().Informer():           func(metav1.Object) { s.touch(table.Namespaces) },
		factory.Core().V1().Services().Informer():             func(o metav1.Object) { s.touch(o.GetNamespace() + "/" + o.GetName()) },
		factory.Discovery().V1().EndpointSlices().Informer(): func(o metav1.Object) {
			s.touch(o.GetNamespace() + "/" + o.GetLabels()[discoveryv1.LabelServiceName])
		},
		secrets.Core().V1().Secrets().Informer(): func(o metav1.Object) { s.touch(o.GetNamespace() + "/" + o.GetName()) },
	} {
		handle, err := informer.AddEventHandler(handler(touch))
		if err != nil {
			return nil, fmt.Errorf("following the cluster: %w", err)
		}
		synced = append(synced, handle.HasSynced)
	}
	s.start = func(ctx context.Context) error {
		factory.StartWithContext(ctx)
		secrets.StartWithContext(ctx)
		if !cache.WaitForCacheSync(ctx.Done(), synced...) {
			return errors.New("stopped before the cluster's Ingresses, IngressClasses, Namespaces, Services, EndpointSlices and Secrets were read")
		}
		if s.gateways != nil {
			return s.gateways.start(ctx)
		}
		return nil
	}
	return s, nil
}

// strip drops what a table never needs before it is kept in memory.
func strip(object any) (any, error) {
	o, err := meta.Accessor(object)
	if err != nil {
		return object, nil //nolint:nilerr // a tombstone has no metadata, and nothing to strip
	}
	o.SetManagedFields(nil)
	if a := o.GetAnnotations(); a[corev1.LastAppliedConfigAnnotation] != "" {
		delete(a, corev1.LastAppliedConfigAnnotation)
	}
	return object, nil
}

func handler(touch func(metav1.Object)) cache.ResourceEventHandler {
	tell := func(object any) {
		if gone, ok := object.(cache.DeletedFinalStateUnknown); ok {
			object = gone.Obj
		}
		if o, err := meta.Accessor(object); err == nil {
			touch(o)
		}
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc: tell, DeleteFunc: tell,
		UpdateFunc: func(before, after any) {
			tell(before)
			tell(after)
		},
	}
}

// touch notes what changed; an empty key stands for everything.
func (s *source) touch(key string) {
	s.mu.Lock()
	if key == "" {
		s.all = true
	} else {
		s.touched[key] = true
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// changed tells whether anything a table needs was touched since the last call.
func (s *source) changed(needs map[string]bool) bool {
	s.mu.Lock()
	all, touched := s.all, s.touched
	s.all, s.touched = false, map[string]bool{}
	s.mu.Unlock()
	if all {
		return true
	}
	for key := range touched {
		if needs[key] {
			return true
		}
	}
	return false
}

// read gives the input of a table.
func (s *source) read(now time.Time) (table.Input, error) {
	in := table.Input{Class: s.class, Pair: s.pairs.get, Recall: s.recall, Now: now}
	var errs [5]error
	var classes []*networkingv1.IngressClass
	in.Ingresses, errs[0] = s.ingresses.List(labels.Everything())
	in.Services, errs[1] = s.services.List(labels.Everything())
	in.Slices, errs[2] = s.slices.List(labels.Everything())
	in.Secrets, errs[3] = s.secrets.List(labels.Everything())
	classes, errs[4] = s.classes.List(labels.Everything())
	for _, c := range classes {
		if c.Name == s.class && c.Annotations[networkingv1.AnnotationIsDefaultIngressClass] == "true" {
			in.ClassIsDefault = true
		}
	}
	if s.gateways != nil {
		var err error
		if in.Gateways, err = s.gateways.read(); err != nil {
			return in, err
		}
	}
	return in, errors.Join(errs[:]...)
}

// pairs remembers parsed key pairs, for parsing one takes longer than building the rest of a table.
type pairs struct{ known map[string]pair }

type pair struct {
	version string
	parsed  *tls.Certificate
	err     error
}

// get is called by one build at a time.
func (p *pairs) get(secret *corev1.Secret) (*tls.Certificate, error) {
	key, version := secret.Namespace+"/"+secret.Name, string(secret.UID)+"/"+secret.ResourceVersion
	if known, ok := p.known[key]; ok && known.version == version && secret.ResourceVersion != "" {
		return known.parsed, known.err
	}
	parsed, err := table.ParsePair(secret)
	p.known[key] = pair{version, parsed, err}
	return parsed, err
}

// longestRest bounds the pause after a build.
const longestRest = 100 * time.Millisecond

// reopenAfter is when a port that could not be opened is tried again.
const reopenAfter = 5 * time.Second

// follow builds and installs a table whenever the cluster changes: at once when idle, and once more when something came
// in the meantime. After each build it rests as long as the build took, so that it never takes more than half a core.
func (e *Edge) follow(ctx context.Context) error {
	rest, expired := time.NewTimer(0), time.NewTimer(0)
	defer rest.Stop()
	defer expired.Stop()
	for {
		if at := e.snapshot.Load().table.Expires; at.IsZero() {
			expired.Stop()
		} else {
			expired.Reset(at.Sub(e.clock.Now()))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-expired.C:
			e.source.touch("")
			<-e.source.wake
		case <-e.source.wake:
		}
		if !e.source.changed(e.snapshot.Load().table.Needs) {
			continue
		}
		began := e.clock.Now()
		if err := e.rebuild(); err != nil { //nolint:contextcheck // probes live as long as the edge, not as long as what started them
			return err
		}
		rest.Reset(min(e.clock.Since(began), longestRest))
		select {
		case <-ctx.Done():
			return nil
		case <-rest.C:
		}
	}
}

// rebuild serves what the cluster says at this moment: ports are opened before the table that needs them is installed, and
// requests are accepted there after it.
func (e *Edge) rebuild() error {
	in, err := e.source.read(e.clock.Now())
	if err != nil {
		return fmt.Errorf("reading the cluster's objects: %w", err)
	}
	t := table.Build(in)
	closed := e.open(t.Doors)
	e.install(t, e.clock.Now())
	e.serve(t.Doors)
	e.publisher.publish()
	e.announcer.look(in)
	if e.scribe != nil {
		e.scribe.look(t.Closed(closed))
	}
	if len(closed) > 0 {
		time.AfterFunc(reopenAfter, func() { e.source.touch("") })
	}
	return nil
}
