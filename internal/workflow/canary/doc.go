// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package canary makes the steps of a canary release out of a number of batches, and says what they mean in pods. The command
// line, the web server and its preview use this one package; it is pure.
package canary
