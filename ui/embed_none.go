// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build no_ui

// Package ui carries the built web page; this build goes without.
package ui

import "io/fs"

// Files is the page that says that there is none.
func Files() fs.FS { return instead() }
