// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package look shows what runs: the topology of an application, its endpoints and pods. What is read (gather.go) becomes what is
// shown by pure functions, which the stream shares with the operations (Topology, Endpoints, Pods).
package look
