// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/cluster/discovery"
	"github.com/vela-rollouts/vela/internal/manager"
	"github.com/vela-rollouts/vela/internal/test/apifault"
	"github.com/vela-rollouts/vela/internal/test/play"
)

// These are set by `make test-scenarios`; without the first nothing is played, so that `go test ./...` stays short.
const (
	playVariable     = "VELA_SCENARIOS"          // any text
	tableVariable    = "VELA_SCENARIOS_TABLE"    // the folder docs, which gets the table
	togetherVariable = "VELA_SCENARIOS_TOGETHER" // any text: stories that leave one another alone are played at the same time, -parallel many
)

// edgeVariable makes this test binary an edge: see edge_test.go.
const edgeVariable = "VELA_SCENARIOS_EDGE"

func TestMain(m *testing.M) {
	if config := os.Getenv(edgeVariable); config != "" {
		os.Exit(runEdge(config))
	}
	code := m.Run()
	if err := stage.close(); err != nil {
		fmt.Fprintln(os.Stderr, "removing the cluster:", err)
		code = 1
	}
	if docs := os.Getenv(tableVariable); docs != "" {
		if err := rows.write(docs); err != nil {
			fmt.Fprintln(os.Stderr, "writing the table:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// world is what all scenarios share: a velad without controllers, vela-core beside it, and between vela-core and the API
// server a proxy that can disturb it.
type world struct {
	*play.Cluster
	api  *apifault.Proxy
	core *core
	kube kubernetes.Interface
	// objects reads and writes as an administrator, past the proxy.
	objects client.WithWatch
	// admin is where velad's edge tells what it serves.
	admin string

	transcript transcript
	dir        string
}

// transcript is what commands said. Stories that are played together write to it in turns.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

// length is how much was said so far, and from what was said after that much.
func (t *transcript) length() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Len()
}

func (t *transcript) from(said int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()[said:]
}

// stage is made when the first scenario needs it, and removed by TestMain.
var stage theatre

type theatre struct {
	once  sync.Once
	world *world
	err   error
	begun atomic.Int64 // stories, of which each has a namespace of its own
}

// startWithin bounds the start of the cluster, its images included.
const startWithin = 3 * time.Minute

func root(parts ...string) string { return filepath.Join(append([]string{"..", ".."}, parts...)...) }

// open gives the world to a scenario.
func (s *theatre) open(t *testing.T) *world {
	t.Helper()
	if os.Getenv(playVariable) == "" {
		t.Skip("played by make test-scenarios")
	}
	if os.Geteuid() != 0 {
		t.Fatal("scenarios start containers and need root: run them with sudo")
	}
	s.once.Do(func() { s.world, s.err = newWorld() })
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.world
}

func newWorld() (*world, error) {
	fmt.Println("progress: starting velad")
	ctx, cancel := context.WithTimeout(context.Background(), startWithin)
	defer cancel()
	w := &world{}
	var err error
	if w.dir, err = os.MkdirTemp("", "vela-scenarios-"); err != nil {
		return nil, err
	}
	w.Cluster, err = play.Start(ctx, play.Config{
		Bin: root("bin"), Images: root("bin", "images"), DataDir: "/var/lib/vela-scenarios",
		HTTPPort: 18080, HTTPSPort: 18443, APIPort: 16443, UpArgs: []string{"--without-vela"}, Transcript: &w.transcript,
	})
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, w.transcript.from(0))
	}
	current, ok, err := discovery.Read()
	if err != nil || !ok {
		return w, fmt.Errorf("velad's discovery file: found %v, %w", ok, err)
	}
	w.admin = "http://" + current.EdgeAdmin
	if w.api, err = apifault.Start(w.REST()); err != nil {
		return w, err
	}
	if w.kube, err = kubernetes.NewForConfig(w.REST()); err != nil {
		return w, err
	}
	scheme, err := manager.Scheme()
	if err != nil {
		return w, err
	}
	if w.objects, err = client.NewWithWatch(w.REST(), client.Options{Scheme: scheme}); err != nil {
		return w, err
	}
	w.core, err = w.newCore("core", 19444, w.admin)
	if err != nil {
		return w, err
	}
	return w, w.core.serve()
}

// close removes all that was made on this machine.
func (s *theatre) close() error {
	w := s.world
	if w == nil || w.Cluster == nil {
		return nil
	}
	if w.core != nil {
		w.core.kill()
	}
	if w.api != nil {
		_ = w.api.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if err := w.Reset(ctx); err != nil {
		return err
	}
	return os.RemoveAll(w.dir)
}
