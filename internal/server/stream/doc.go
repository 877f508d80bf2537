// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package stream tells browsers what changes, over one stream of server-sent events for a tab.
//
//	informers ── Hub.touched ── channel: data of one topic, worked out once for all who follow it, and its last versions
//	                               └── stream: which topics of a client are behind; a batch at a time, never a queue
//
// A client that reads slowly misses states in between and gets to the present in one patch; nobody waits for it. Each topic
// needs the permissions that its REST operation needs; they are asked for again every minute, and when an answer was no.
package stream
