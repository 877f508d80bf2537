// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package install puts vela into a cluster by its Helm chart, as helm itself would: what it installs, helm can list, upgrade and
// take away, and the other way round.
package install
