// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package ack knows what the edge's replicas say they serve. It keeps one plan stream open to each replica, tells its
// caller which Ingress or Service changed there, and answers from memory. What a replica served before its stream broke
// does not count: until the stream is back everything about that replica is unknown.
package ack
