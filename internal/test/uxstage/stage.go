// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package uxstage

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta/testrestmapper"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientset "k8s.io/client-go/kubernetes/fake"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/application/validate"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/server"
	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/logs"
	"github.com/vela-rollouts/vela/internal/server/session"
	"github.com/vela-rollouts/vela/internal/server/shell"
	"github.com/vela-rollouts/vela/internal/server/stream"
	"github.com/vela-rollouts/vela/internal/server/system"
	"github.com/vela-rollouts/vela/internal/server/topics"
	"github.com/vela-rollouts/vela/internal/workflow/expression"
	"github.com/vela-rollouts/vela/internal/workflow/step"
)

// Stage is the server and all it works with.
type Stage struct {
	T      *testing.T
	Client client.WithWatch
	Clock  *clocktesting.FakeClock
	URL    string
	// Password of the first account, once there is one (WithAccount).
	Password string
	// Tokens are those of service accounts, with who they are.
	Tokens map[string]authenticationv1.UserInfo

	sessions *session.Session

	// OpenLog and Shell play the kubelet; a story sets them before it asks.
	OpenLog logs.Open
	Shell   shell.Run

	mu     sync.Mutex
	reads  int
	grants map[string][]access.Role
	asked  int
	down   error
	log    bytes.Buffer
}

// Begun is the time at which every story begins.
func Begun() time.Time { return time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC) }

// New starts a server over a cluster that has the namespace default and objects.
func New(t *testing.T, objects ...client.Object) *Stage {
	t.Helper()
	return build(t, nil, objects)
}

// NewWithIdentity is New with an identity provider.
func NewWithIdentity(t *testing.T, identity *session.Identity) *Stage {
	t.Helper()
	return build(t, identity, nil)
}

func build(t *testing.T, identity *session.Identity, objects []client.Object) *Stage {
	t.Helper()
	scheme, err := server.Scheme()
	if err != nil {
		t.Fatal(err)
	}
	s := &Stage{T: t, Clock: clocktesting.NewFakeClock(Begun()), Tokens: map[string]authenticationv1.UserInfo{}, grants: map[string][]access.Role{}}
	objects = append(objects, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceDefault}})
	s.Client = fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithReturnManagedFields().WithStatusSubresource(
		&v1beta1.Application{}, &v1beta1.ApplicationRevision{}, &v1alpha1.ReleaseAction{}, &rolloutsv1beta1.Rollout{}).Build()
	mapper := testrestmapper.TestOnlyStaticRESTMapper(scheme)
	reviewer := access.NewReviewer(s.review, s.Clock)
	log := slog.New(slog.NewTextHandler(&locked{s: s}, nil))
	sessions := session.New(session.Config{
		Secrets:     session.Secrets{Reader: s.Client, Writer: s.Client, Namespace: "vela-system"},
		ReviewToken: s.reviewToken, Identity: identity, Clock: s.Clock, Log: log,
	})
	s.sessions = sessions
	cluster := access.NewCluster(counted{s.Client, s}, scheme, mapper, reviewer, func(p access.Person) (client.Client, error) { return s.actingAs(p, mapper), nil })
	var hub *stream.Hub
	sys := system.New(system.Config{
		Clientset: clientset.NewClientset(), Reader: s.Client, Webhooks: "vela", Version: "v0.0.0-test", Clock: s.Clock, Streams: func() int { return hub.Streams() },
	})
	hub = stream.New(stream.Config{
		Source: watches{s.Client}, Feeds: topics.Feeds(s.Client, nil, sys, s.Clock), Cluster: cluster, Again: sessions.Again, Version: "v0.0.0-test", Clock: s.Clock, Log: log,
	})
	s.run(hub.Run)
	registry, workflow := definition.Builtin(), step.ValidateWorkflow(expression.New().Check)
	handler, err := server.New(server.Deps{
		Definitions: registry, Check: func(app *v1beta1.Application) []error { return validate.Application(registry, app, workflow) },
		Cluster: cluster, Reviewer: reviewer, Session: sessions, Stream: hub, System: sys,
		OpenLog: func(ctx context.Context, p access.Person, namespace, pod string, o *corev1.PodLogOptions) (io.ReadCloser, error) {
			return s.OpenLog(ctx, p, namespace, pod, o)
		},
		Shell: func(ctx context.Context, p access.Person, target shell.Target, terminal shell.Terminal) error {
			return s.Shell(ctx, p, target, terminal)
		},

		Files: Page(), Version: "v0.0.0-test", Clock: s.Clock, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(handler)
	t.Cleanup(web.Close)
	s.URL = web.URL
	return s
}

// WithAccount makes the first account, as a server does when it starts.
func (s *Stage) WithAccount() *Stage {
	s.T.Helper()
	var err error
	if s.Password, err = s.sessions.EnsureFirst(s.T.Context()); err != nil {
		s.T.Fatal(err)
	}
	return s
}

// Page is a web page with one asset.
func Page() fstest.MapFS {
	return fstest.MapFS{
		"index.html":            {Data: []byte(`<!doctype html><style nonce="__CSP_NONCE__"></style><script src="/assets/app-1a2b.js"></script>`)},
		"assets/app-1a2b.js":    {Data: []byte("console.log(1)")},
		"assets/app-1a2b.js.gz": {Data: []byte("smaller")},
	}
}

// Grant gives a user or a group a role in the whole cluster.
func (s *Stage) Grant(subject string, roles ...access.Role) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.grants[subject] = roles
}

// Away makes the API server unreachable for reviews; nil brings it back.
func (s *Stage) Away(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = err
}

// Reviews counts the SubjectAccessReviews that were made.
func (s *Stage) Reviews() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// Reads counts how often the server read objects.
func (s *Stage) Reads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads
}

// Log is what the server logged.
func (s *Stage) Log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

type locked struct{ s *Stage }

func (l *locked) Write(b []byte) (int, error) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	return l.s.log.Write(b)
}

// may plays RBAC: the five groups have their roles, others what was granted.
func (s *Stage) may(user string, groups []string, c access.Check) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var roles []access.Role
	for _, r := range access.Roles() {
		if slices.Contains(groups, r.Group()) {
			roles = append(roles, r)
		}
	}
	for _, subject := range append(slices.Clone(groups), user) {
		roles = append(roles, s.grants[subject]...)
		roles = append(roles, s.grants[subject+"@"+c.Namespace]...)
	}
	return slices.ContainsFunc(roles, func(r access.Role) bool { return access.Allows(r.Rules(), c) })
}

func (s *Stage) review(_ context.Context, r *authorizationv1.SubjectAccessReview) error {
	s.mu.Lock()
	s.asked++
	down := s.down
	s.mu.Unlock()
	if down != nil {
		return down
	}
	a := r.Spec.ResourceAttributes
	resource := a.Resource
	if a.Subresource != "" {
		resource += "/" + a.Subresource
	}
	r.Status.Allowed = s.may(r.Spec.User, r.Spec.Groups, access.Check{Verb: a.Verb, Group: a.Group, Resource: resource, Namespace: a.Namespace, Name: a.Name})
	return nil
}

func (s *Stage) reviewToken(_ context.Context, token string) (authenticationv1.UserInfo, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, ok := s.Tokens[token]
	return user, ok, s.down
}

// Change loads an object, changes it and stores it, status included.
func Change[T client.Object](s *Stage, o T, change func(T)) {
	s.T.Helper()
	if err := s.Client.Get(s.T.Context(), client.ObjectKeyFromObject(o), o); err != nil {
		s.T.Fatal(err)
	}
	change(o)
	if err := s.Client.Status().Update(s.T.Context(), o.DeepCopyObject().(T)); err != nil && !missing(err) { //nolint:forcetypeassert // a copy has the type of its original
		s.T.Fatal(err)
	}
	live := o.DeepCopyObject().(T) //nolint:forcetypeassert // as above
	if err := s.Client.Get(s.T.Context(), client.ObjectKeyFromObject(o), live); err != nil {
		s.T.Fatal(err)
	}
	o.SetResourceVersion(live.GetResourceVersion())
	if err := s.Client.Update(s.T.Context(), o); err != nil {
		s.T.Fatal(err)
	}
}
