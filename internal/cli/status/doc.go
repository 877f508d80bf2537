// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package status is `vela status`: the application, its workflow and its services in KubeVela's layout, then what is
// known of the release under way (pods, weight asked, served and measured) and the commands to type next. It reads, it
// never writes.
package status
