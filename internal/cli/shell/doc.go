// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package shell is what each verb is given by the one who typed it: streams, the clock, a language, colours, and a way
// to the cluster. Verbs take nothing from the process itself, so tests give them a shell of their own.
package shell
