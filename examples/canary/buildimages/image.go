// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/vela-rollouts/vela/internal/archive"

// versions are the tags that the YAML files of the example use. What each one does is told by DEMO_VERSION in its image.
func versions() []string { return []string{"v1", "v2", "v3", "broken"} }

func imageName(version string) string { return "wangyikewyk/canarydemo:" + version }

func archiveName(version string) string { return "canarydemo-" + version + ".tar" }

// writeArchive writes an image with the program as its only file, the same for all versions, so that a node stores it once.
func writeArchive(file string, program []byte, version, arch string) error {
	return archive.Write(file, archive.Image{
		Program: program, Path: "canary", Arch: arch,
		Env:   []string{"DEMO_VERSION=" + version},
		User:  "65532:65532", // nobody in particular; the program needs no rights
		Ports: []string{"8090/tcp"},
	}, imageName(version))
}
