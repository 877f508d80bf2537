// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package cluster finds the cluster that vela talks to and talks to it: reading and watching objects as typed values,
// asking for release actions, and reading what the edge serves. It knows the API server only: nothing here changes a
// status or an object that a controller owns.
package cluster
