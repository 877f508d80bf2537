// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package portforward is `vela port-forward`: a local port that leads to a component. It goes to the port of the
// component's Service where the component has one, and goes on with another pod when the one it leads to ends.
package portforward
