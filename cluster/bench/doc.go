// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Command bench measures vela against its budgets and prints the table of them, the budget beside each figure.
//
// Each figure has a file of its own: writes, latency, fleet (many canaries at once), apps (many Applications at once), edge, cluster. They
// run on a control plane of velad without containers: pods are those of internal/test/fakenode, Ready after one write; the
// edge runs in this process as the router; vela-core runs as a process of its own, so that its CPU time and memory can be read. What depends on
// the machine is told as a ratio to the floor: the needed writes made by hand, in the same run, on a control plane started the same way.
package main
