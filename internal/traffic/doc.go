// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package traffic is how a share of the requests gets to a version: an Intent and the live objects in, the writes that
// lead there and what is true already out. It is pure; a Router (one folder per kind of route) knows the objects of its kind.
//
// Each version has a Service of its own while a release lasts, and only weights move. The user's Service is never touched;
// of the user's route only the names of its backends are, and they are given back as they were.
package traffic
