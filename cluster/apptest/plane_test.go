// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package apptest

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	"github.com/vela-rollouts/vela/cluster/bootstrap"
	"github.com/vela-rollouts/vela/cluster/component"
	"github.com/vela-rollouts/vela/cluster/controlplane"
	"github.com/vela-rollouts/vela/internal/manager"
	"github.com/vela-rollouts/vela/internal/test/fakenode"
)

// plane is a control plane with fake nodes and vela's controllers.
type plane struct {
	port   int // of the webhooks
	web    int // of the web UI
	config *rest.Config
	client client.Client
	calls  *calls
	stop   func()
	work   string
	// password of the web UI's first account, from the first run on.
	password string
}

// calls counts the requests of the controllers.
type calls struct {
	mu   sync.Mutex
	list []string
}

func (c *calls) wrap(next http.RoundTripper) http.RoundTripper {
	return transport(func(req *http.Request) (*http.Response, error) {
		if !strings.Contains(req.URL.RawQuery, "watch=") {
			c.mu.Lock()
			c.list = append(c.list, req.Method+" "+req.URL.Path)
			c.mu.Unlock()
		}
		return next.RoundTrip(req)
	})
}

// take returns what was counted since the last time.
func (c *calls) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.list
	c.list = nil
	return list
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func start(t *testing.T) *plane {
	t.Helper()
	cp, err := controlplane.Start(t.Context(), controlplane.Options{
		DataDir: t.TempDir(), WithoutControllers: []string{"node-lifecycle-controller"},
	})
	if err != nil {
		t.Fatalf("starting the control plane: %v", err)
	}
	t.Cleanup(func() {
		if err := cp.Stop(); err != nil {
			t.Errorf("stopping the control plane: %v", err)
		}
	})
	kube, err := kubernetes.NewForConfig(cp.Config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fakenode.Start(t.Context(), kube, fakenode.Config{Nodes: 2, Range: netip.MustParsePrefix("198.18.0.0/16"), Now: time.Now, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatalf("starting fake nodes: %v", err)
	}
	scheme, err := manager.Scheme()
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(cp.Config, client.Options{Scheme: scheme})
	if err != nil {
		t.Fatal(err)
	}
	p := &plane{config: cp.Config, client: c, calls: &calls{}, work: t.TempDir()}
	p.run(t)
	return p
}

// run starts the controllers and returns when they are ready.
func (p *plane) run(t *testing.T) {
	t.Helper()
	if p.port == 0 {
		p.web = freePort(t)
		p.port = freePort(t) // and again the same one: the API server calls where the last registration that it has seen says
	}
	config := rest.CopyConfig(p.config)
	config.Wrap(p.calls.wrap)
	ready, done := make(chan struct{}), make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		done <- manager.Run(ctx, manager.Config{
			RestConfig: config, CertDir: p.work + "/certs", WebhookHost: "127.0.0.1", WebhookPort: p.port,
			WebhookURL: fmt.Sprintf("https://127.0.0.1:%d", p.port),
			UI: manager.UIConfig{
				Addr: fmt.Sprintf("127.0.0.1:%d", p.web), Namespace: bootstrap.Namespace,
				FirstAccount: func(_, password string) { p.password = password },
			},
			Log:   slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
			Ready: func() { close(ready) },
		})
	}()
	p.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("controllers: %v", err)
		}
	})
	t.Cleanup(func() { p.stop() })
	select {
	case <-ready:
	case err := <-done:
		t.Fatalf("the controllers ended: %v", err)
	case <-time.After(30 * time.Second):
		t.Fatal("the controllers are not ready after 30 s")
	}
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// up is what vela up does: the file wins.
func (p *plane) up(t *testing.T, namespace, text string) error {
	t.Helper()
	app := &v1beta1.Application{}
	if err := yaml.UnmarshalStrict([]byte(text), app); err != nil {
		t.Fatal(err)
	}
	app.Namespace = namespace
	live := &v1beta1.Application{}
	if err := p.client.Get(t.Context(), client.ObjectKeyFromObject(app), live); err != nil {
		return p.client.Create(t.Context(), app, client.FieldOwner("vela-cli"))
	}
	live.Spec = app.Spec
	live.Annotations = app.Annotations
	return p.client.Update(t.Context(), live, client.FieldOwner("vela-cli"))
}

func (p *plane) app(t *testing.T, namespace, name string) *v1beta1.Application {
	t.Helper()
	app := &v1beta1.Application{}
	if err := p.client.Get(t.Context(), types.NamespacedName{Namespace: namespace, Name: name}, app); err != nil {
		t.Fatal(err)
	}
	return app
}

// until waits for a condition.
func until(t *testing.T, what string, check func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	if err := component.Poll(ctx, 20*time.Millisecond, check); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func (p *plane) phase(t *testing.T, namespace, name string, want v1beta1.ApplicationPhase) {
	t.Helper()
	until(t, fmt.Sprintf("Application %s gets %s", name, want), func(ctx context.Context) error {
		app := &v1beta1.Application{}
		if err := p.client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, app); err != nil {
			return err
		}
		if app.Status.Phase != want || app.Status.ObservedGeneration != app.Generation {
			raw, _ := yaml.Marshal(app.Status)
			return fmt.Errorf("status is\n%s", raw)
		}
		return nil
	})
}

// ask makes a ReleaseAction and waits for its outcome.
func (p *plane) ask(t *testing.T, namespace, app string, action v1alpha1.Action) *v1alpha1.ReleaseAction {
	t.Helper()
	a := &v1alpha1.ReleaseAction{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, GenerateName: app + "-" + string(action) + "-"}}
	a.Spec.Application, a.Spec.Action = app, action
	a.Spec.RequestedBy.Username = "somebody else"
	if err := p.client.Create(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	until(t, "the outcome of "+a.Name, func(ctx context.Context) error {
		if err := p.client.Get(ctx, client.ObjectKeyFromObject(a), a); err != nil {
			return err
		}
		if a.Status.FinishedAt == nil {
			return fmt.Errorf("it is %q: %s", a.Status.Phase, a.Status.Message)
		}
		return nil
	})
	return a
}

// quiet is what the controllers sent, without events.
func withoutEvents(list []string) []string {
	return slices.DeleteFunc(list, func(c string) bool { return strings.Contains(c, "/events") })
}
