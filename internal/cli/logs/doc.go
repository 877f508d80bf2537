// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package logs is `vela logs`: the log lines of all pods of an application in one stream, each with the pod it is from.
// With -f it goes on, also with pods that a release brings up in the meantime.
package logs
