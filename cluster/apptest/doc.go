// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package apptest tests the controllers of vela against a real API server, with fake nodes in place of containers.
package apptest
