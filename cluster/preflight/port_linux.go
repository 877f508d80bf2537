// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package preflight

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// free refuses a port that something listens on, and says what.
func free(p Port) error {
	l, err := net.Listen("tcp4", net.JoinHostPort("", strconv.Itoa(p.Number)))
	if err == nil {
		return l.Close()
	}
	by := "another program"
	if owner := listener(p.Number); owner != "" {
		by = owner
	}
	return fmt.Errorf("port %d is taken by %s; end it, or choose another port with %s", p.Number, by, p.Flag)
}

// listener names the process that listens on a TCP port; empty when it cannot be told.
func listener(port int) string {
	inodes := map[string]bool{}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		data, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		for _, inode := range listening(string(data), port) {
			inodes["socket:["+inode+"]"] = true
		}
	}
	if len(inodes) == 0 {
		return ""
	}
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return ""
	}
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || !inodes[target] {
			continue
		}
		pid := strings.Split(link, "/")[2]
		name, err := os.ReadFile(filepath.Join("/proc", pid, "comm"))
		if err != nil {
			continue
		}
		return fmt.Sprintf("%s (process %s)", strings.TrimSpace(string(name)), pid)
	}
	return ""
}

// listening picks the socket inodes that listen on a port in the text of
// /proc/net/tcp or tcp6 (proc(5)): local address in hexadecimal, state 0A.
func listening(table string, port int) []string {
	suffix := fmt.Sprintf(":%04X", port)
	var out []string
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) > 9 && strings.HasSuffix(f[1], suffix) && f[3] == "0A" {
			out = append(out, f[9])
		}
	}
	return out
}
