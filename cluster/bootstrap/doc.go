// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package bootstrap states the objects that every cluster of ours has: the
// rights of our own components, the CustomResourceDefinitions of vela and of
// the Gateway API, vela's namespace, the classes of Ingress and Gateway, and the Services that lead to cluster DNS and
// to the edge. They are applied at each start, so that a new version of velad
// brings its own.
package bootstrap
