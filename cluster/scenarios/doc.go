// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package scenarios plays what goes wrong in releases, under constant load of four kinds: new connections, kept-alive ones,
// WebSockets, and bodies that come slowly. Each scenario has a namespace of its own in one velad whose controllers run outside,
// so that they can be killed, stopped, and given an API server that fails. What every scenario asks for unless it says
// otherwise: no request fails, a version gets its share within 2 points, and none is sent to a version that was taken back.
//
// `make test-scenarios` plays all of them and writes docs/en/scenarios.md.
package scenarios
