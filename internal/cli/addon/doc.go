// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package addon is `vela addon`: what is built in, and which of it this cluster uses.
package addon
