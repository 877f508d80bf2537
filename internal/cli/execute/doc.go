// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package execute is `vela exec`: it runs a command in a container of an application and ends with its exit code.
package execute
