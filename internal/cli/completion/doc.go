// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package completion is `vela completion`: a script that completes vela's commands in a shell.
package completion
