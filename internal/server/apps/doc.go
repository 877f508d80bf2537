// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package apps answers what is about applications themselves: listing, creating, storing, checking, comparing, deleting, and the
// overview of one. What releases them is in package runs.
package apps
