// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package suite holds the official conformance suite of the Gateway API as a test, which needs the tag conformance and the
// cluster that ../main.go starts for it.
package suite
