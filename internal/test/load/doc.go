// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package load sends constant, bounded traffic to one address on this machine and counts every request of it: how many
// were sent, how many failed and why, and which version answered. A request counts as failed unless it was answered
// 200 (of gRPC: OK) with the expected body; a WebSocket counts as failed unless it was opened, answered each message, and was
// closed by a close frame (RFC 6455 section 7.1.1), and a gRPC stream unless it ended because the server said that it goes away. End-to-end tests and the demo measure with it.
package load
