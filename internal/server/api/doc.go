// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package api is generated from ../openapi.yaml by `make generate`: the types of requests and answers, and the interface that
// handlers fill (StrictServerInterface).
package api
