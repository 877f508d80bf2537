// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package runtime runs containerd as a child process with directories, socket
// and settings of its own, loads images into it, and ends what it runs.
//
// The child dies with velad. Containers do not: their shims live on after a
// sudden end, and the next containerd finds them again. An orderly stop ends
// them first.
package runtime
