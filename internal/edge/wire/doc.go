// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package wire reads and writes the heads and chunks of HTTP/1.1 (RFC 9112) in place, for the fast path of the edge. It is
// pure: bytes in, pieces of the same bytes out.
//
// It is not a parser of HTTP in general. Of requests it takes the plain ones alone, in which there is one way to read every
// byte; whatever could be read in two ways, or asks for more than a request and its answer, is Other and belongs to
// net/http. Of answers, which nobody else can take over any more, it takes what net/http's client takes and refuses the rest.
package wire
