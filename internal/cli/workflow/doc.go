// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package workflow is `vela workflow`: it asks for one thing of a release (resume, suspend, rollback, terminate,
// restart) by creating a ReleaseAction, and follows that action until the controller has carried it out or refused it.
// It never writes a status, so a command that is interrupted can do no harm: the request stands on its own.
package workflow
