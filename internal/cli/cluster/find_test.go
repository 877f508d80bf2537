// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vela-rollouts/vela/internal/cli/text"
)

func TestFind(t *testing.T) {
	const velad = `{"dataDir":"/var/lib/velad","kubeconfig":"/var/lib/velad/admin.kubeconfig","pid":7,"httpPort":80}`
	running := []string{"/proc/7", "/var/lib/velad/admin.kubeconfig"}
	cases := map[string]struct {
		reason string
		flag   string
		env    string
		velad  string
		exists []string
		kind   string
		paths  []string
		chosen bool
		fails  string
	}{
		"the flag is the strongest": {
			reason: "it is the most explicit", flag: "/f", env: "/e", velad: velad, exists: append(running, "/f", "/e", "/home/me/.kube/config"),
			kind: FromFlag, paths: []string{"/f"},
		},
		"then KUBECONFIG, all of its files that are there": {
			reason: "kubectl merges them too", env: "/e:/gone:/e2", velad: velad, exists: append(running, "/e", "/e2", "/home/me/.kube/config"),
			kind: FromEnv, paths: []string{"/e", "/e2"},
		},
		"then the usual file": {
			reason: "nobody named a cluster", exists: []string{"/home/me/.kube/config"}, kind: FromHome, paths: []string{"/home/me/.kube/config"},
		},
		"the usual file although a velad runs is worth a word": {
			reason: "the velad could have been meant", velad: velad, exists: append(running, "/home/me/.kube/config"),
			kind: FromHome, paths: []string{"/home/me/.kube/config"}, chosen: true,
		},
		"then the velad that runs": {
			reason: "there is no other", velad: velad, exists: running, kind: FromVelad, paths: []string{"/var/lib/velad/admin.kubeconfig"}, chosen: true,
		},
		"a velad that was killed does not count": {
			reason: "its record outlived its process", velad: velad, exists: running[1:], fails: "velad up",
		},
		"a record that cannot be read does not count": {
			reason: "it is being written", velad: "{", exists: running, fails: "velad up",
		},
		"a flag that names nothing is not passed over": {
			reason: "another cluster than the one named must never be used", flag: "/typo", exists: []string{"/home/me/.kube/config"}, fails: "/typo",
		},
		"a KUBECONFIG that names nothing is not passed over": {
			reason: "another cluster than the one named must never be used", env: "/typo", exists: []string{"/home/me/.kube/config"}, fails: "KUBECONFIG names /typo",
		},
	}
	said, err := text.Load(text.English)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Find(Machine{
				Flag: c.flag, Home: "/home/me",
				Getenv: func(string) string { return c.env },
				ReadFile: func(string) ([]byte, error) {
					if c.velad == "" {
						return nil, os.ErrNotExist
					}
					return []byte(c.velad), nil
				},
				Exists: func(path string) bool { return slices.Contains(c.exists, path) },
			}, said)
			if c.fails != "" {
				if err == nil || !strings.Contains(err.Error(), c.fails) {
					t.Fatalf("%s: got %+v, %v; want an error with %q", c.reason, got, err, c.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind != c.kind || got.Chosen != c.chosen || !cmp.Equal(got.Paths, c.paths) {
				t.Errorf("%s: got %+v", c.reason, got)
			}
		})
	}
}
