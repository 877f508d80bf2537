// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package crds carries the CustomResourceDefinitions of vela as they are applied to a cluster.
// The YAML files are generated from the types in api/ by `make generate`.
package crds

import "embed"

// FS holds one YAML file for each CustomResourceDefinition.
//
//go:embed *.yaml
var FS embed.FS
