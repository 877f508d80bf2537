// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package manager runs all controllers and webhooks in one process: one scheme, one cache that they share, one client
// whose writes are counted. controllers.go is the table of contents.
package manager
