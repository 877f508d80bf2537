// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package workflow is the workflow engine: which steps of a release may run now, and what the run looks like afterwards.
//
// In goes a Spec (the steps, from Generate), the stored status and an Env (the time, the runner of one step, the evaluator
// of conditions); out comes a new status and when to look again. Nothing here talks to a cluster, keeps a clock or
// remembers anything: a pass over a status that came back from the API server is as good as the first one, so a
// controller may stop between any two passes.
//
//	unreached ─► pending ─► running ─► succeeded
//	                │          │ ▲ └──► failed (Execute: tried again, with back-off) ─► failed for good
//	                ▼          ▼ │
//	             skipped   suspending (until somebody resumes it, or ResumeAt)
package workflow
