// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package runtime

import (
	"context"
	"fmt"
	"io"
	"os"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/platforms"
	"github.com/distribution/reference"
)

// Namespace is where the kubelet looks for images.
const Namespace = "k8s.io"

// Connect makes a client of the containerd in a run directory.
func Connect(runDir string) (*containerd.Client, error) {
	client, err := containerd.New(Socket(runDir), containerd.WithDefaultNamespace(Namespace))
	if err != nil {
		return nil, fmt.Errorf("connecting to containerd: %w", err)
	}
	return client, nil
}

// Load imports an OCI or Docker archive, compressed or not, and returns the
// names its images have in the cluster.
func Load(ctx context.Context, client *containerd.Client, file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("opening the archive: %w", err)
	}
	defer func() { _ = f.Close() }()
	return LoadFrom(ctx, client, f)
}

// LoadFrom is Load for an open archive.
func LoadFrom(ctx context.Context, client *containerd.Client, r io.Reader) ([]string, error) {
	list, err := client.Import(ctx, r,
		containerd.WithImageRefTranslator(fullName),
		containerd.WithImportPlatform(platforms.DefaultStrict()),
		containerd.WithSkipMissing())
	if err != nil {
		return nil, fmt.Errorf("reading the archive: %w", err)
	}
	var names []string
	for _, img := range list {
		unpacked := containerd.NewImageWithPlatform(client, img, platforms.DefaultStrict())
		if err := unpacked.Unpack(ctx, ""); err != nil {
			return nil, fmt.Errorf("unpacking %s: %w", img.Name, err)
		}
		names = append(names, img.Name)
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no image with a name in it; give it one when you write the archive")
	}
	return names, nil
}

// fullName makes of a name in an archive what the same name means in a pod:
// "demo:v1" is docker.io/library/demo:v1. Nothing is made of what is no name.
func fullName(name string) string {
	named, err := reference.ParseDockerRef(name)
	if err != nil {
		return ""
	}
	return named.String()
}
