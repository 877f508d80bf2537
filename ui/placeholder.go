// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package ui

import (
	"embed"
	"io/fs"
)

//go:embed placeholder
var placeholder embed.FS

// instead is the page for a build without the real one.
func instead() fs.FS {
	sub, err := fs.Sub(placeholder, "placeholder")
	if err != nil {
		return placeholder // the name is a constant
	}
	return sub
}
