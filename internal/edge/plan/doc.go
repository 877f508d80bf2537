// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package plan is what one replica of the edge says about itself: which Ingresses it serves, at which resource version and
// weight, and which endpoints it uses behind each Service.
//
// The edge serves a Plan at /-/plan and streams what changes in it; Watch is the other end of that stream. The traffic
// engine's acknowledgement and the CLI read plans; nobody writes one. The package needs the standard library only.
package plan
