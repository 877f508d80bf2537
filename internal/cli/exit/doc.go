// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package exit holds the exit codes that scripts can rely on, and gives them to errors.
package exit
