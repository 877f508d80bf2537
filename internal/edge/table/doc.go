// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package table translates Kubernetes objects into the edge's routing table and finds the route of a request in it.
//
// Build is pure: Ingresses in the nginx dialect, Services, EndpointSlices and Secrets go in; routes with weighted backends,
// pools of endpoints, certificates, and what is wrong with which Ingress come out. Nothing in the table itself is about
// Ingress, so that other sources of routes can fill the same one. The goldens in testdata show it as YAML.
package table
