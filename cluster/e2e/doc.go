// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package e2e tests vela end to end: velad with real containers, the commands that a person types, and a load generator
// that counts every request. It needs root and what `make build images` builds.
package e2e
