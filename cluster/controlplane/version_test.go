// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package controlplane_test

import (
	"os"
	"regexp"
	"testing"
)

// The controllers are compiled against the client of the root module, which
// must be that of the Kubernetes they run beside in velad.
func TestTheKubernetesOfBothModulesIsTheSame(t *testing.T) {
	minor := func(file, module string) string {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := regexp.MustCompile(`(?m)^\s*` + module + ` v\d+\.(\d+)\.`).FindSubmatch(data)
		if m == nil {
			t.Fatalf("%s does not require %s", file, module)
		}
		return string(m[1])
	}
	kubernetes := minor("../go.mod", "k8s.io/kubernetes")
	client := minor("../../go.mod", "k8s.io/client-go")
	if kubernetes != client {
		t.Errorf("cluster links Kubernetes 1.%s, the root module client-go 0.%s", kubernetes, client)
	}
}
