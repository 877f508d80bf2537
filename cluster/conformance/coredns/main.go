// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Command coredns is CoreDNS with the plugins that the Corefile of the Gateway API's conformance suite names. The suite starts
// it in any case and waits until it is ready; only its tests of UDPRoute ask it anything.
package main

import (
	"github.com/coredns/coredns/coremain"

	// The directives of the suite's Corefile.
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/log"
	_ "github.com/coredns/coredns/plugin/whoami"
)

func main() { coremain.Run() }
