// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package component starts, watches and stops the parts of a cluster.
//
//	        Init            Start            Ready
//	new ─────────▶ checked ────────▶ started ────────▶ serving
//	                                   │                  │
//	                                   └──── Stop ◀───────┘  (any number of times)
//
// A Supervisor initialises every part first, so that a bad setting is found
// before anything runs; then starts each one as soon as those it needs serve;
// and stops them in the reverse order. A part that dies is named, and its
// error ends the whole.
package component
