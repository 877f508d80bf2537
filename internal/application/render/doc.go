// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package render turns a component with its traits into the objects to apply, and a canary step into its Rollout.
//
// In go a component, the definitions and what is known of the application; out come manifests that are applied as they are
// by server-side apply: no nulls, and no field that nobody stated. The package is pure. The workflow's deploy steps call it
// through the application controller; application/validate calls it to find what cannot be rendered.
package render
