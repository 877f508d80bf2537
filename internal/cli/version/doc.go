// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package version is `vela version`: which vela this is, and which cluster it talks to.
package version
