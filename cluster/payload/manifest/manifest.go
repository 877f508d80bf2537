// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package manifest is the list of what the payload holds. The build program writes it beside the packed files; package payload
// reads it from there. It is a package of its own so that building the payload does not need a payload to embed.
package manifest

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
)

// FileName is the name of the manifest beside the packed files.
const FileName = "manifest.json"

// Places of the unpacked files, relative to the folder they are unpacked into, with slashes.
const (
	BinDir     = "bin"
	CNIDir     = "cni"
	PauseImage = "images/pause.tar"
)

// Manifest says what was built, for which platform.
type Manifest struct {
	OS   string `json:"os"`   // GOOS of the programs
	Arch string `json:"arch"` // GOARCH of the programs
	// PauseImage is the name that the pause image has in its archive.
	PauseImage string `json:"pauseImage"`
	Files      []File `json:"files"`
}

// File is one file of the payload.
type File struct {
	Path    string      `json:"path"`    // where it goes when unpacked, relative, with slashes
	Packed  string      `json:"packed"`  // name of the zstd file beside the manifest
	Version string      `json:"version"` // version of the module it was built from
	Mode    fs.FileMode `json:"mode"`
	Size    int64       `json:"size"`   // bytes, unpacked
	SHA256  string      `json:"sha256"` // hex, of the unpacked bytes
	// Inputs is a checksum over everything the file was built from; equal inputs need no second build.
	Inputs string `json:"inputs"`
}

// Name is the last element of the file's path: "runc", "bridge", "pause.tar".
func (f File) Name() string { return path.Base(f.Path) }

// Read reads the manifest in the root of fsys. The error is fs.ErrNotExist if there is none.
func Read(fsys fs.FS) (Manifest, error) {
	data, err := fs.ReadFile(fsys, FileName)
	if err != nil {
		return Manifest{}, fmt.Errorf("reading the payload's manifest: %w", err)
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, fmt.Errorf("reading the payload's manifest: %w", err)
	}
	return m, nil
}

// Encode renders the manifest as indented JSON with a final newline.
func (m Manifest) Encode() ([]byte, error) {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the payload's manifest: %w", err)
	}
	return append(data, '\n'), nil
}

// Find returns the file with that path.
func (m Manifest) Find(p string) (File, bool) {
	for _, f := range m.Files {
		if f.Path == p {
			return f, true
		}
	}
	return File{}, false
}
