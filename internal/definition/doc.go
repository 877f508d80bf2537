// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package definition holds what component, trait and policy types mean: their typed parameters with a JSON schema, the
// objects they make, and how to tell from live objects whether they are healthy.
//
// Built-in definitions are Go, one file each; builtin.go is the list of them. application/render runs them, health asks
// them, application/validate checks parameters with them. To add one: write its file, add a line to the list, and run the
// tests with -update for its schema golden.
package definition
