// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package balance chooses, for one request, the version of a route and then an endpoint of that version, and counts what
// was chosen. Every data path of the edge goes through it, so that they all split and count alike.
//
// The version comes from a smooth weighted round robin per request: a fixed order in which each version stands as often as
// its weight says, spread evenly, and one cursor per route. The endpoint comes from a round robin over the pool in which
// each turn is compared with one other endpoint and goes to the one with fewer requests in flight, so that an idle pool is
// shared out evenly and a slow endpoint does not pile up requests.
//
// Choosing and counting allocate nothing and take no lock; changing a pool takes the pool's lock. No IO, no clock.
package balance
