// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package runs answers what is about releasing applications: deployments, their runs, what people ask of them, the workflows to
// choose from, and revisions. What a deployment changes is decided in plan.go, which is pure.
package runs
