// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package server is the whole of velad: it puts the control plane, the node,
// the edge and vela's controllers together, runs them until a signal or a
// failure, and leaves nothing behind on the machine when it stops.
//
//	etcd ─▶ apiserver ─▶ controller-manager, scheduler, objects
//	network ─▶ ┘   └───▶ kubelet (with containerd) ─▶ proxy
//	                 └──▶ dns, edge, vela (after objects)
package server
