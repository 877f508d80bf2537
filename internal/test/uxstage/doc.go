// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package uxstage is a VelaUX server over a cluster in memory, with browsers that sign in as people of each role. Permissions
// are those of the real roles; admission is played as far as it says who asked.
package uxstage
