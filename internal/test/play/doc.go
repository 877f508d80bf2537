// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package play plays the canary release page on a real cluster: it starts velad in a data directory of its own, runs
// the commands of the page with the built binaries, waits by watching for what the page promises, and measures how
// requests split. The demo and the end-to-end tests are both written with it.
package play
