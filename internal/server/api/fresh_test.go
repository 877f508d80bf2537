// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package api_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestTheGeneratedCodeIsThatOfTheContract(t *testing.T) {
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile("../openapi.yaml"); err != nil { // so that the test runs again when the contract changes
		t.Fatal(err)
	}
	committed, err := os.ReadFile("api.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(t.TempDir(), "api.gen.go")
	cmd := exec.CommandContext(t.Context(), "go", "tool", "-modfile=tools.mod", "oapi-codegen",
		"-config", "internal/server/api/generate.yaml", "-o", fresh, "internal/server/openapi.yaml")
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("generating: %v\n%s", err, out)
	}
	want, err := os.ReadFile(fresh)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, committed) {
		t.Error("api.gen.go is not what openapi.yaml says: run make generate")
	}
}
