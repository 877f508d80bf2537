// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package controller carries out what the application engine and the workflow engine say. One pass: gather (caches only),
// the actions people asked for, the revision in force, its workflow, drift, health, one status write, and what nobody
// needs any more. A crash between any two writes is harmless: the next pass sees what is there and goes on.
//
//	gather → Plan → actions → release → Advance → keep → health → status → settle (mark, sweep, outcomes)
package controller
