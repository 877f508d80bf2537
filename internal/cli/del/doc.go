// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package del is `vela delete`: it deletes applications with all that belongs to them, or leaves their resources with
// --orphan, and waits until they are gone.
package del
