// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package server is the web server of VelaUX: the API of openapi.yaml under /api/v1, and the page itself.
//
//	middleware.go   what every request goes through, outermost first
//	handlers.go     the table of contents: which package answers which operations
//	static.go       the page and its assets
//	access, session who asks, and what they may do
//	problem         how the server says no
//
// Each feature is a package of its own below this one, with a type whose methods are operations of api.StrictServerInterface.
package server
