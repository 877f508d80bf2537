// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package preflight

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestATakenPortIsRefusedWithTheNameOfWhoHasIt(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	port := l.Addr().(*net.TCPAddr).Port
	err = free(Port{Number: port, Flag: "--http-port"})
	for _, want := range []string{fmt.Sprint(port), "--http-port", fmt.Sprintf("(process %d)", os.Getpid())} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to name %s", err, want)
		}
	}
}

func TestAFreePortIsNotRefused(t *testing.T) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	if err := free(Port{Number: port, Flag: "--http-port"}); err != nil {
		t.Error(err)
	}
}

func TestRefusalsSayHowMuchIsMissing(t *testing.T) {
	cases := map[string]struct {
		have uint64
		want string
	}{
		"enough is not refused":           {have: minMemory},
		"too little is said in mebibytes": {have: 300 << 20, want: "only 300 MiB are free of memory, and a cluster needs 1024 MiB"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := enough(tc.have, minMemory, "of memory", "end something else")
			if got := fmt.Sprint(err); (tc.want == "") != (err == nil) || !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestMemoryIsReadFromMeminfo(t *testing.T) {
	got, ok := memAvailable([]byte("MemTotal:  100 kB\nMemAvailable:    2048 kB\n"))
	if !ok || got != 2<<20 {
		t.Errorf("got %d, %t, want 2 MiB", got, ok)
	}
}

func TestTheNearestExistingParentIsLookedAt(t *testing.T) {
	dir := t.TempDir()
	if got := existing(filepath.Join(dir, "a", "b")); got != dir {
		t.Errorf("got %s, want %s", got, dir)
	}
}
