// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/vela-rollouts/vela/internal/cli/text"
)

// Current is where a running velad says where it is.
const Current = "/run/velad/current.json"

// The kinds of Source.
const (
	FromFlag  = "--kubeconfig"
	FromEnv   = "KUBECONFIG"
	FromHome  = "home"
	FromVelad = "velad"
)

// Source is where the way to the cluster was found.
type Source struct {
	// Kind is one of FromFlag, FromEnv, FromHome, FromVelad.
	Kind string `json:"kind"`
	// Paths of kubeconfig files; later ones fill in what earlier ones leave open.
	Paths []string `json:"paths"`
	// Velad is the velad that runs on this machine, if there is one.
	Velad *Velad `json:"velad,omitempty"`
	// Chosen says that nobody named the cluster and another one could have been meant.
	Chosen bool `json:"chosen"`
}

// Velad is what a running velad says about itself.
type Velad struct {
	DataDir    string `json:"dataDir"`
	Kubeconfig string `json:"kubeconfig"`
	PID        int    `json:"pid"`
	HTTPPort   int    `json:"httpPort"`
	EdgeAdmin  string `json:"edgeAdmin"`
}

// Machine is what discovery looks at.
type Machine struct {
	// Flag is what --kubeconfig was given.
	Flag   string
	Getenv func(string) string
	// Home is the person's home directory; empty when there is none.
	Home     string
	ReadFile func(string) ([]byte, error)
	// Exists says that a path is there.
	Exists func(string) bool
}

// Find decides which cluster is meant: --kubeconfig, then $KUBECONFIG, then ~/.kube/config if it is there, then the
// velad that runs on this machine. The error is one sentence with the way out.
func Find(m Machine, t text.Text) (Source, error) {
	velad := m.velad()
	switch home := m.homeConfig(); {
	case m.Flag != "":
		if !m.Exists(m.Flag) {
			return Source{}, t.Error("cluster.no-file", "--kubeconfig", m.Flag)
		}
		return Source{Kind: FromFlag, Paths: []string{m.Flag}, Velad: velad}, nil
	case m.Getenv("KUBECONFIG") != "":
		paths := m.existing(filepath.SplitList(m.Getenv("KUBECONFIG")))
		if len(paths) == 0 {
			return Source{}, t.Error("cluster.no-file", "KUBECONFIG", m.Getenv("KUBECONFIG"))
		}
		return Source{Kind: FromEnv, Paths: paths, Velad: velad}, nil
	case home != "":
		return Source{Kind: FromHome, Paths: []string{home}, Velad: velad, Chosen: velad != nil}, nil
	case velad != nil:
		return Source{Kind: FromVelad, Paths: []string{velad.Kubeconfig}, Velad: velad, Chosen: true}, nil
	default:
		return Source{}, t.Error("cluster.none")
	}
}

func (m Machine) existing(paths []string) []string {
	var there []string
	for _, p := range paths {
		if p != "" && m.Exists(p) {
			there = append(there, p)
		}
	}
	return there
}

func (m Machine) homeConfig() string {
	if m.Home == "" {
		return ""
	}
	path := filepath.Join(m.Home, ".kube", "config")
	if !m.Exists(path) {
		return ""
	}
	return path
}

// velad reads the record of a velad whose process still lives; a record that a killed one left behind counts for nothing.
func (m Machine) velad() *Velad {
	raw, err := m.ReadFile(Current)
	if err != nil {
		return nil
	}
	var v Velad
	if json.Unmarshal(raw, &v) != nil || v.Kubeconfig == "" || !m.Exists(filepath.Join("/proc", strconv.Itoa(v.PID))) {
		return nil
	}
	return &v
}

// String names the source for people.
func (s Source) String() string {
	switch s.Kind {
	case FromEnv:
		return fmt.Sprintf("$KUBECONFIG, %s", strings.Join(s.Paths, string(filepath.ListSeparator)))
	case FromVelad:
		return fmt.Sprintf("velad in %s", s.Velad.DataDir)
	default:
		return s.Paths[0]
	}
}
