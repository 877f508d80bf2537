// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package fakenode stands in for kubelets where only the control plane is measured: pods that the scheduler binds to one of
// its nodes are Running and Ready after one write, and gone after one delete. Each pod gets an address of its own out of a range
// that the caller has routed to this machine, so a gateway can connect to it; one listener answers for all of them
// with the version in the pod's image tag. An address is answered for a while after its pod is gone, as a process does that
// shuts down in good order, and is never given to another pod.
package fakenode
