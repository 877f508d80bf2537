// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package dryrun is `vela dry-run`: what an application file would be rendered to, without a cluster.
package dryrun
