// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

// TestFilesAreTheTutorialsOwn keeps the example what people paste from the canary tutorial, byte for byte: indentation by
// three, quotes and the order of the fields included. A change to these two files is a change to what we promise to run.
func TestFilesAreTheTutorialsOwn(t *testing.T) {
	for file, want := range map[string]string{
		"v1.yaml": "d32863a4abb561c522196183990e83a326a61f5005413db8470a4218c68af84f",
		"v2.yaml": "a703d3576da02c502b2fd67de9f754ea555f62b4cf39c0d08e59ce1ed66583c9",
	} {
		sum := sha256.Sum256(readFile(t, file))
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s has SHA-256 %s, want %s: it must stay as the tutorial has it", file, got, want)
		}
	}
}

// TestFurtherFilesDifferOnlyInTheVersion compares with v2, from which they are made.
func TestFurtherFilesDifferOnlyInTheVersion(t *testing.T) {
	v2 := string(readFile(t, "v2.yaml"))
	for file, c := range map[string]struct{ publish, tag string }{
		"v3.yaml":     {publish: "v3", tag: "v3"},
		"broken.yaml": {publish: "v4", tag: "broken"},
	} {
		want := strings.NewReplacer("publishVersion: v2", "publishVersion: "+c.publish, "canarydemo:v2", "canarydemo:"+c.tag).Replace(v2)
		if got := string(readFile(t, file)); got != want {
			t.Errorf("%s is not v2.yaml with publishVersion %s and tag %s:\n%s", file, c.publish, c.tag, got)
		}
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
