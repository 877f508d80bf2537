// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build !windows

package execute

import (
	"os"
	"os/signal"
	"syscall"
)

func notifyResize(to chan<- os.Signal) { signal.Notify(to, syscall.SIGWINCH) }

func stopResize(to chan<- os.Signal) { signal.Stop(to) }
