// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package system

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
)

const (
	// fresh is how old the facts may be.
	fresh = 5 * time.Second
	// patience is how long they are waited for.
	patience = 5 * time.Second
	// rivals is how OpenKruise Rollouts is known.
	rivals = "kruise-rollout-validating-webhook-configuration"
)

// Config is what is looked at.
type Config struct {
	// Clientset and Reader are the server's own: what is told is about the installation, and about nobody's applications.
	Clientset kubernetes.Interface
	// Reader knows GatewayClasses and Ingresses.
	Reader client.Reader
	// Edge is nil where there is none that tells.
	Edge *gather.Edge
	// Leading is closed when the controllers run in this process; nil: they do not.
	Leading <-chan struct{}
	// LeaseNamespace and LeaseName are those of the leader, where there can be others.
	LeaseNamespace, LeaseName string
	// Webhooks is the name of the configurations of admission.
	Webhooks string
	// TLS says that people come by it; Exec that shells are switched on.
	TLS, Exec bool
	Version   string
	// Streams counts the open ones.
	Streams func() int
	Clock   clock.PassiveClock
}

// System answers the operation of this package.
type System struct {
	cfg     Config
	started time.Time

	mu    sync.Mutex
	facts Facts
}

// New returns a System that began now.
func New(cfg Config) *System { return &System{cfg: cfg, started: cfg.Clock.Now()} }

// GetSystem is the state of the installation.
func (s *System) GetSystem(ctx context.Context, _ api.GetSystemRequestObject) (api.GetSystemResponseObject, error) {
	return api.GetSystem200JSONResponse(s.Now(ctx)), nil
}

// Now is the state of the installation; facts are shared by all who ask within a few seconds.
func (s *System) Now(ctx context.Context) api.System {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.cfg.Clock.Now(); s.facts.Now.IsZero() || now.Sub(s.facts.Now) > fresh {
		// One asks for all who wait, so that the end of one request is no answer to the others.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		s.facts = s.gather(ctx, now)
	}
	return api.System{
		Version: s.cfg.Version, Kubernetes: s.facts.Kubernetes, StartedAt: s.started.UTC(), Streams: s.cfg.Streams(), ExecEnabled: s.cfg.Exec, Checks: Checks(s.facts),
	}
}

func roleNames() []string {
	var all []string
	for _, r := range access.Roles() {
		all = append(all, r.ClusterRoleName())
	}
	return all
}

func (s *System) gather(ctx context.Context, now time.Time) Facts {
	f := Facts{Now: now, Unknown: map[api.CheckId]error{}, Webhooks: map[string]time.Time{}, GatewayClasses: map[string]bool{}, Roles: map[string]bool{}, TLS: s.cfg.TLS}
	version, err := s.cfg.Clientset.Discovery().ServerVersion()
	if err != nil {
		for _, id := range []api.CheckId{
			api.CheckIdControllers, api.CheckIdWebhooks, api.CheckIdRollouts, api.CheckIdOpenkruise, api.CheckIdIngressClass, api.CheckIdGatewayApi, api.CheckIdMetrics, api.CheckIdRoles,
		} {
			f.Unknown[id] = errors.New("the Kubernetes API server does not answer")
		}
	} else {
		f.Kubernetes = version.GitVersion
		for id, look := range map[api.CheckId]func(context.Context, *Facts) error{
			api.CheckIdControllers: s.leader, api.CheckIdWebhooks: s.webhooks, api.CheckIdOpenkruise: s.rival, api.CheckIdIngressClass: s.classes,
			api.CheckIdRollouts: s.groups, api.CheckIdGatewayApi: s.gateways, api.CheckIdRoles: s.roles,
		} {
			if err := look(ctx, &f); err != nil {
				f.Unknown[id] = err
			}
		}
	}
	f.Edge = api.EdgeStateNone
	if s.cfg.Edge != nil {
		plans, err := s.cfg.Edge.Plans(ctx)
		f.Edge, f.Replicas = api.EdgeStateOk, len(plans)
		if err != nil {
			f.Edge = api.EdgeStateSilent
		}
	}
	return f
}

func (s *System) leader(ctx context.Context, f *Facts) error {
	select {
	case <-s.cfg.Leading:
		f.Leading = true
		return nil
	default:
	}
	if s.cfg.LeaseName == "" {
		return nil
	}
	lease, err := s.cfg.Clientset.CoordinationV1().Leases(s.cfg.LeaseNamespace).Get(ctx, s.cfg.LeaseName, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err == nil && lease.Spec.RenewTime != nil {
		f.Renewed = lease.Spec.RenewTime.Time
	}
	return err
}

func (s *System) webhooks(ctx context.Context, f *Facts) error {
	found, err := s.cfg.Clientset.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(ctx, s.cfg.Webhooks, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, w := range found.Webhooks {
		end, err := lasts(w.ClientConfig.CABundle)
		if err != nil {
			return fmt.Errorf("the authority of webhook %s: %w", w.Name, err)
		}
		f.Webhooks[w.Name] = end
	}
	return nil
}

// lasts is when the last certificate of a bundle ends: the API server trusts any of them.
func lasts(bundle []byte) (time.Time, error) {
	var last time.Time
	for block, rest := pem.Decode(bundle); block != nil; block, rest = pem.Decode(rest) {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return last, err
		}
		if certificate.NotAfter.After(last) {
			last = certificate.NotAfter
		}
	}
	if last.IsZero() {
		return last, errors.New("it has no certificate")
	}
	return last, nil
}

func (s *System) rival(ctx context.Context, f *Facts) error {
	_, err := s.cfg.Clientset.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(ctx, rivals, metav1.GetOptions{})
	f.OpenKruise = err == nil
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func (s *System) groups(_ context.Context, f *Facts) error {
	groups, err := s.cfg.Clientset.Discovery().ServerGroups()
	if err != nil {
		return err
	}
	has := func(name string) bool {
		return slices.ContainsFunc(groups.Groups, func(g metav1.APIGroup) bool { return g.Name == name })
	}
	f.RolloutKind, f.Metrics = has(rolloutsv1beta1.Group), has("metrics.k8s.io")
	return nil
}

func (s *System) classes(ctx context.Context, f *Facts) error {
	classes, err := s.cfg.Clientset.NetworkingV1().IngressClasses().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, c := range classes.Items {
		f.IngressClasses = append(f.IngressClasses, c.Name)
	}
	ingresses := &networkingv1.IngressList{}
	if err := s.cfg.Reader.List(ctx, ingresses, client.HasLabels{v1beta1.LabelAppName}); err != nil {
		return err
	}
	for _, i := range ingresses.Items {
		if c := i.Spec.IngressClassName; c != nil && !slices.Contains(f.UsedClasses, *c) {
			f.UsedClasses = append(f.UsedClasses, *c)
		}
	}
	return nil
}

func (s *System) gateways(ctx context.Context, f *Facts) error {
	classes := &gatewayv1.GatewayClassList{}
	err := s.cfg.Reader.List(ctx, classes)
	if meta.IsNoMatchError(err) {
		return nil
	}
	if err != nil {
		return err
	}
	f.GatewayAPI = true
	for _, c := range classes.Items {
		f.GatewayClasses[c.Name] = meta.IsStatusConditionTrue(c.Status.Conditions, string(gatewayv1.GatewayClassConditionStatusAccepted))
	}
	return nil
}

func (s *System) roles(ctx context.Context, f *Facts) error {
	for _, role := range access.Roles() {
		found, err := s.cfg.Clientset.RbacV1().ClusterRoles().Get(ctx, role.ClusterRoleName(), metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		f.Roles[role.ClusterRoleName()] = equality.Semantic.DeepEqual(found.Rules, role.Rules())
	}
	return nil
}
