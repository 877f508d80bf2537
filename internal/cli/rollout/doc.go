// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package rollout is `vela rollout`: it lists Rollouts, and approves, pauses and resumes those that release a workload alone,
// without an Application. An approval is of the step that the person saw: it does nothing when the release has moved on since.
package rollout
