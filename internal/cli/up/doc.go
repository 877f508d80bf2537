// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package up is `vela up`: it states Applications from a file, a folder, a web address or standard input, or publishes
// an application that is there as a new version. A file is the whole truth about the specification: what it leaves out
// is removed, whoever wrote it. Nothing is applied before all of it was read and found to be in order.
package up
