// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package edge

import "syscall"

// deferAccept does nothing where the kernel has no such wait.
func deferAccept(string, string, syscall.RawConn) error { return nil }
