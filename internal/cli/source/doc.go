// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package source reads the Applications that -f names: in a file, in a folder of files, at a web address, or on standard
// input. The verbs that take a file share it, so that each of them takes the same files and says the same of a bad one.
package source
