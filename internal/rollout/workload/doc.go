// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package workload knows how each kind of workload is released: what an Observation says of it, how it is held and given back,
// and what is written for a new size of a version. It is pure.
//
// Of a Deployment each version is a ReplicaSet, made so that the native controller takes it for its own. StatefulSets and
// DaemonSets replace their pods in place (inplace.go, docs/design/workloads.md).
//
// A held Deployment is paused and has the strategy Recreate: then the native controller leaves several ReplicaSets with
// pods alone. Two exceptions remain. It grows a ReplicaSet that is the only one with pods to the full size. And when the
// one of the current template has all replicas available and carries the annotation deployment.kubernetes.io/desired-replicas
// with that number, it removes all others; so the annotation is kept off while a release lasts
// (k8s.io/kubernetes v1.37, pkg/controller/deployment/sync.go, scale).
package workload
