// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package admission is asked by the API server before anything of ours is stored: it writes down who asked for a
// ReleaseAction, fills in what an author may leave out, and refuses bad input with one sentence that names the field
// and the mend. It makes its own certificate authority and serving certificate, renews them, and registers itself.
package admission
