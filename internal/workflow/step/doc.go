// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package step holds the step types of a workflow, one file each; steps.go is the list.
//
// Run executes one step once, without waiting: it works out what the step asks for and calls the functions of Env that
// do it. Validate and ValidateWorkflow tell what is wrong with steps before any of them runs; admission, the command
// line and the controller use the same sentences.
package step
