// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package access is the one layer below all transports that decides what a person may do. Kubernetes RBAC is the only store
// of permissions:
//
//	request ── Gate: what the contract asks for (x-access) ── handler ── Cluster ── reads: SubjectAccessReview, then the informers
//	                                                                            └─ writes: impersonation, so the API server decides
//
// Handlers get a Cluster and nothing else of Kubernetes, so that none of them can forget to ask.
package access
