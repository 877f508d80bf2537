// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package beside measures the edge beside other reverse proxies: Debian's nginx and HAProxy, and a small one on fasthttp.
// Each is a process of its own before the same two backends, which share the requests 80 to 20. All listen on loopback. wrk
// asks them in turns, so that what else the machine does meets all of them.
package beside
