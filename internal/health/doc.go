// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package health tells from live objects how a component and its traits are, with messages for a person.
//
// In go a component, its manifests and a look-up of live objects; out comes one entry for the Application's status. The
// rules of built-in types are in package definition, that of a canary step's Rollout is here. The package is pure; the
// application controller calls it, and deploy steps wait for what it says.
package health
