// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package view turns what was read from the cluster into the one tree of facts that the command line prints and the web
// server sends: the application, its workflow, its services, and for each component under release the pods and the
// weight asked for, served and measured, with the commands that make sense next. It is pure; what is not known is nil
// here and "unknown" to people, never a guess.
package view
