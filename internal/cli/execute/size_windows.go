// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package execute

import "os"

// Windows has no signal for a terminal that changes its size: the size at the start is kept.
func notifyResize(chan<- os.Signal) {}

func stopResize(chan<- os.Signal) {}
