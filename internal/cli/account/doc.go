// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package account is `vela account`: who may sign in to VelaUX with a name and a password, and in which role.
package account
