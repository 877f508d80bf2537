// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package chart carries the Helm chart by which vela is installed. The CustomResourceDefinitions, which the folder has in
// files/crds, are those of package crds.
package chart

import "embed"

// FS holds the chart but for its CustomResourceDefinitions.
//
//go:embed Chart.yaml values.yaml templates/*
var FS embed.FS
