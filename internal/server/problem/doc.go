// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package problem is how the server says no: errors that become application/problem+json (RFC 9457) with a stable code, the
// parameters of its sentence, and the fields it is about.
package problem
