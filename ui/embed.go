// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build !no_ui

// Package ui carries the built web page. `npm run build` fills dist, which is not committed; without it, and with the build tag
// no_ui, a page that says so stands in its place. (dist/.keep lets the package compile before the first build; public/.keep is
// what puts it there again after each.)
package ui

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Files are those of the page: index.html, and assets whose names carry the hash of their content.
func Files() fs.FS {
	if built, err := fs.Sub(dist, "dist"); err == nil {
		if _, err := fs.Stat(built, "index.html"); err == nil {
			return built
		}
	}
	return instead()
}
