// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package apply is the only writer of users' objects: server-side apply with one field owner, nothing sent when nothing
// changes, fields that a release holds left alone, objects of others refused. Inventories (ResourceTrackers) are written
// here too, before the objects they list. Callers get told what was changed, and tell the story themselves.
package apply
