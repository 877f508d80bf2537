// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package network makes the bridge that pods hang on and keeps its ranges on
// the machine.
//
//	pod ── veth ──┐
//	pod ── veth ──┤ vela0 (.1 of the pod range; pods ask it for everything)
//	              │   ├── other pods       by address: routed, not bridged
//	              │   ├── Services         DNAT by kube-proxy, back to a pod
//	              │   └── the world        masqueraded
//
// A pod sends what is for another pod to the bridge too (two routes, one for
// each half of the range, hide the direct way), so that every packet passes the
// IP stack of the machine. Otherwise the answer of a pod behind a Service would
// go straight to the caller, past the translation of its address, unless
// br_netfilter happened to be loaded. Where it is loaded, it translates on the
// bridge itself; for that a pod may get its own packet back (hairpin).
//
// The service range is routed to the bridge: what kube-proxy does not translate
// ends there and not at the default gateway.
package network
