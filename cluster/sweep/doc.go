// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package sweep removes from the machine what a cluster left on it: processes,
// mounts, network namespaces, links, routes, firewall tables and cgroups. It
// needs nothing that runs, only the two directories the cluster used, so it
// also cleans up after a sudden end. What it does not recognise as the
// cluster's it leaves alone.
package sweep
