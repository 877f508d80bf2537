// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package install

import (
	"fmt"
	"io/fs"
	"path"
	"time"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	helmchart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"

	"github.com/vela-rollouts/vela/api/crds"
	"github.com/vela-rollouts/vela/deploy/chart"
)

// crdFolder is where the chart has the CustomResourceDefinitions.
const crdFolder = "files/crds"

// Chart puts the chart together. version is that of the program that carries it, and the tag of the images; empty leaves the chart's own.
func Chart(version string) (*helmchart.Chart, error) {
	var files []*archive.BufferedFile
	for _, part := range []struct {
		from fs.FS
		to   string
	}{{chart.FS, ""}, {crds.FS, crdFolder}} {
		err := fs.WalkDir(part.from, ".", func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := fs.ReadFile(part.from, name)
			if err != nil {
				return err
			}
			files = append(files, &archive.BufferedFile{Name: path.Join(part.to, name), ModTime: time.Time{}, Data: data})
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("putting the chart together: %w", err)
		}
	}
	made, err := loader.LoadFiles(files)
	if err != nil {
		return nil, fmt.Errorf("reading the chart: %w", err)
	}
	if version != "" {
		made.Metadata.AppVersion = version
	}
	return made, nil
}
