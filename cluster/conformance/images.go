// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"sigs.k8s.io/gateway-api/conformance"

	"github.com/vela-rollouts/vela/internal/archive"
)

// program is one that the suite's pods run.
type program struct {
	image string // its name without the tag, as the suite's manifests have it
	build string // the import path of its source
	path  string // in the image
	user  string
}

func programs() []program {
	return []program{
		{image: "registry.k8s.io/gateway-api/echo-basic", build: "sigs.k8s.io/gateway-api/conformance/echo-basic", path: "echo-basic", user: "65532:65532"},
		{image: "registry.k8s.io/coredns/coredns", build: "./conformance/coredns", path: "coredns"},
	}
}

// buildImages builds the suite's programs from their Go modules and writes an archive of each into dir, under every name that the
// suite's manifests use for it. An image of another program would have to come from the network: that is an error.
func buildImages(ctx context.Context, dir string) error {
	names, err := imageNames()
	if err != nil {
		return err
	}
	for _, p := range programs() {
		of := func(name string) bool { return strings.HasPrefix(name, p.image+":") }
		mine := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !of(name) })
		names = slices.DeleteFunc(names, of)
		if len(mine) == 0 {
			continue
		}
		binary := filepath.Join(dir, p.path)
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", binary, p.build)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("building %s (in the folder cluster of the vela sources?): %w", p.build, err)
		}
		data, err := os.ReadFile(binary)
		if err != nil {
			return fmt.Errorf("reading the built program: %w", err)
		}
		image := archive.Image{Program: data, Path: p.path, Arch: runtime.GOARCH, User: p.user}
		if err := archive.Write(filepath.Join(dir, p.path+".tar"), image, mine...); err != nil {
			return err
		}
	}
	if len(names) > 0 {
		return fmt.Errorf("the suite's manifests name images that nothing here is built for: %s", strings.Join(names, ", "))
	}
	return nil
}

// imageNames gives the images that the suite's manifests name, in order.
func imageNames() ([]string, error) {
	files := []string{"base/manifests.yaml"}
	entries, err := conformance.Manifests.ReadDir("tests")
	if err != nil {
		return nil, fmt.Errorf("reading the suite's manifests: %w", err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".yaml") {
			files = append(files, "tests/"+e.Name())
		}
	}
	var names []string
	for _, file := range files {
		data, err := conformance.Manifests.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the suite's manifests: %w", err)
		}
		for line := range strings.Lines(string(data)) {
			if name, ok := strings.CutPrefix(strings.TrimLeft(strings.TrimSpace(line), "- "), "image: "); ok && !slices.Contains(names, name) {
				names = append(names, strings.Trim(name, `"'`))
			}
		}
	}
	slices.Sort(names)
	return names, nil
}
