// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package expression evaluates the CUE expressions of workflow steps: the condition in `if` and the valueFrom of outputs.
//
// An expression sees only the values it is given. It is bounded by what it may consist of: no imports, no comprehensions
// and no multiplication, so that its cost grows with its length and with nothing else. Step names that are no CUE
// identifiers may be written with a dot all the same: status.rollout-20.failed means status["rollout-20"].failed.
package expression
