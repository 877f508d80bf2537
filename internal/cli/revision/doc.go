// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package revision is `vela revision`: which versions of an application there were, how their releases ended, and what
// each of them held.
package revision
