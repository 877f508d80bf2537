// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package rollout is the whole policy of releasing a new version of one workload in steps: Decide takes what was seen and
// when, and gives what to do and why.
//
// The policy is an ordered list of named rules (rules.go); the first that applies wins. Two laws hold over all of them:
// traffic follows pods on the way up, and pods follow traffic on the way down (capacity.go). Nothing here reads a clock,
// talks to a cluster or keeps anything between two calls: the controller gathers an Observation, acts on the Decision
// and may die between any two writes.
package rollout
