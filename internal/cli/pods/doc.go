// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package pods finds the pods of an application for the verbs that talk to one: logs, exec and port-forward.
package pods
