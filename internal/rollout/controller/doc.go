// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package controller carries out what the rollout engine decides: gather reads, rollout.Decide decides, act writes, status
// tells. It keeps nothing between two passes but how long a status has been waiting to be written; a crash between any two
// writes is harmless, since the next pass observes again.
package controller
