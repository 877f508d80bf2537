// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package flag names each flag of vela once, so that -n, -o and --timeout are the same everywhere.
package flag
