// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package controlplane puts etcd, the API server, the controllers, the
// scheduler and vela's own kinds together, without a node. velad adds a node
// to it; tests and benchmarks start it as it is, in their own process, and get
// a rest.Config. The libraries keep global state: one per process.
package controlplane
