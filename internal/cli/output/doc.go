// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package output writes what verbs found: as a table or text for people, as JSON, YAML or a JSON path for programs. It
// also holds the colours, which are there only on a terminal and never when NO_COLOR is set.
package output
