// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package cli is the command line vela: the tree of verbs, one package below for each, what they share, and the one
// place where an error becomes a sentence and an exit code.
package cli
