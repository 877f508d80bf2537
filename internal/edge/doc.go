// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package edge is the gateway: it serves HTTP for the Ingresses of one class and says what it serves.
//
//	informers -> table.Build (pure) -> install: pools, then one pointer swap -> publish: plan, events
//	request   -> claim: snapshot -> route -> version -> endpoint
//	  plain HTTP/1.1     client (fast path) -> lane of that endpoint
//	  everything else    exchange, httputil.ReverseProxy -> transport of that endpoint
//
// What a request needs hangs on one immutable snapshot. What must survive a new table (places in the round robin, requests
// in flight, proofs, counters) is kept beside it, by identity. A request counts itself in flight first and then looks
// whether its snapshot is still the served one; only so is a published weight of 0 exactly 0.
//
// The fast path has its own reading of HTTP, package wire, because it must know every byte of a message before it lets it
// pass, and pass it unchanged. valyala/fasthttp was measured for it and left: its server before its client is slower, and its
// heads merge fields that were said twice (make bench has a small proxy on it beside the edge). What is not plain it hands over
// to net/http, with the connection and all bytes that were read; tests hold both paths to the same answers.
package edge
