// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package application is the engine of Applications: values in, values out.
//
// Plan says which revision is in force, whether a new one is to be recorded, whether the workflow starts anew, and what
// becomes of the actions that people asked for. Dispatch says what of a component may be applied now, step by step with
// its Rollout. RollbackTarget and Garbage say where to go back to and what nobody needs any more. The controller package
// beside it gathers what these functions see, and carries out what they say.
package application
