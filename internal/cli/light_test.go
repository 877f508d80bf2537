// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheCommandLineStaysLight keeps out what makes a binary large and a build slow.
func TestTheCommandLineStaysLight(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "../../cmd/vela").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for _, heavy := range []string{
		"sigs.k8s.io/controller-runtime", "k8s.io/client-go/kubernetes\n", "k8s.io/client-go/informers", "k8s.io/kubernetes", "cuelang.org/go",
		"google.golang.org/grpc", "github.com/prometheus/client_golang",
	} {
		if strings.Contains(string(out), heavy) {
			t.Errorf("vela links %s", strings.TrimSpace(heavy))
		}
	}
}

// kubeconfig writes a file that leads to a port where nobody listens.
func kubeconfig(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config")
	const content = `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
users: [{name: u, user: {token: t}}]
current-context: c
`
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
