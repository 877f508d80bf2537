// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package ls_test

import (
	"bytes"
	"context"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"

	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/ls"
	"github.com/vela-rollouts/vela/internal/cli/shell"
	"github.com/vela-rollouts/vela/internal/cli/text"
)

// TestOnATerminalThereIsNoHeaderOfAnEmptyTable is beside the tests of the whole command line, which have no terminal.
func TestOnATerminalThereIsNoHeaderOfAnEmptyTable(t *testing.T) {
	said, err := text.Load(text.English)
	if err != nil {
		t.Fatal(err)
	}
	var out, errs bytes.Buffer
	sh := &shell.Shell{Out: &out, Err: &errs, OutTerminal: true, Text: said, NamespaceFlag: "nowhere"}
	sh.Open = func(context.Context) (*cluster.Cluster, error) {
		lists := map[schema.GroupVersionResource]string{cluster.Applications(): "ApplicationList"}
		return &cluster.Cluster{Dynamic: fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists)}, nil
	}
	cmd := ls.NewCommand(sh)
	cmd.SetArgs([]string{})
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := "No application in namespace nowhere; -A looks in all namespaces.\n"; out.String() != "" || errs.String() != want {
		t.Errorf("stdout %q, stderr %q; want nothing and %q", out.String(), errs.String(), want)
	}
}
