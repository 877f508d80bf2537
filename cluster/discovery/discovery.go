// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package discovery keeps the file by which other programs, the vela command
// among them, find the velad of this machine. It exists from the start of a
// cluster with a node until everything of it is gone, also after a sudden end.
package discovery

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Dir holds what velad keeps on the machine while it runs; its paths are short
// because those of sockets must be.
const Dir = "/run/velad"

// File is where others look.
const File = Dir + "/current.json"

// Current says which velad runs on this machine.
type Current struct {
	DataDir    string `json:"dataDir"`
	Kubeconfig string `json:"kubeconfig"`
	PID        int    `json:"pid"`
	HTTPPort   int    `json:"httpPort"`
	HTTPSPort  int    `json:"httpsPort"`
	EdgeAdmin  string `json:"edgeAdmin"` // host:port
	// Ready tells that everything serves.
	Ready bool `json:"ready"`
}

// Write replaces the file. Only root may read it.
func Write(c Current) error { return write(File, c) }

func write(file string, c Current) error {
	data, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o711); err != nil {
		return fmt.Errorf("making %s: %w", filepath.Dir(file), err)
	}
	tmp := file + ".new"
	if err := os.WriteFile(tmp, append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return os.Rename(tmp, file)
}

// Read returns what the file says; ok is false when there is none.
func Read() (c Current, ok bool, err error) { return read(File) }

func read(file string) (c Current, ok bool, err error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return c, false, nil
	}
	if err != nil {
		return c, false, fmt.Errorf("reading %s: %w", file, err)
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, false, fmt.Errorf("reading %s: %w; remove it", file, err)
	}
	return c, true, nil
}
