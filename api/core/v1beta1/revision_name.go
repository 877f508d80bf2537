// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

import (
	"strconv"
	"strings"
)

// AppOfRevision is the Application that a revision named <app>-vN is of; empty for any other name.
func AppOfRevision(name string) string {
	at := strings.LastIndex(name, "-v")
	if at < 1 {
		return ""
	}
	if n, err := strconv.ParseUint(name[at+len("-v"):], 10, 63); err != nil || n == 0 {
		return ""
	}
	return name[:at]
}
