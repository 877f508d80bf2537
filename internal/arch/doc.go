// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package arch holds no code, only the test of the import rules that ARCHITECTURE.md states: engines are pure and do
// not know one another, the command line does not know the controllers, test code stays in tests.
package arch
