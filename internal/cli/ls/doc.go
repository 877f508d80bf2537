// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package ls is `vela ls`: the applications, a line for each component.
package ls
