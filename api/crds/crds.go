// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package crds carries the CustomResourceDefinitions of vela as they are applied to a cluster.
// The YAML files are generated from the types in api/ by `make generate`. Those in gateway are the Gateway API's own (its standard
// channel, of the version in go.mod, under Apache-2.0), copied out of its Go module; the cluster that vela brings has them.
package crds

import "embed"

// FS holds one YAML file for each CustomResourceDefinition of vela.
//
//go:embed *.yaml
var FS embed.FS

// Gateway holds those of the Gateway API, in the folder gateway.
//
//go:embed gateway/*.yaml
var Gateway embed.FS
