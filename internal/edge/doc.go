// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package edge is the gateway: it serves HTTP for the Ingresses of one class and says what it serves.
//
//	informers -> table.Build (pure) -> install: pools, then one pointer swap -> publish: plan, events
//	request   -> snapshot -> route -> version -> endpoint -> httputil.ReverseProxy -> transport of that endpoint
//
// What a request needs hangs on one immutable snapshot. What must survive a new table (places in the round robin, requests
// in flight, proofs, counters) is kept beside it, by identity. A request counts itself in flight first and then looks
// whether its snapshot is still the served one; only so is a published weight of 0 exactly 0.
package edge
