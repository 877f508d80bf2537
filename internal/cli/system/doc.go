// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package system is `vela system`: which cluster vela talks to, why that one, and whether all that vela needs answers
// there.
package system
