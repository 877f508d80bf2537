// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package arch_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEachDefectOfTheListHasItsTest reads docs/design/velaux-defects.md: each row names its test and links to the file that has it.
func TestEachDefectOfTheListHasItsTest(t *testing.T) {
	const folder = "../../docs/design"
	list, err := os.ReadFile(filepath.Join(folder, "velaux-defects.md"))
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`((?:TestDefect|defect )[^`]+)` in \\[[^]]+\\]\\(([^)]+)\\)")
	rows := 0
	for line := range strings.Lines(string(list)) {
		if !regexp.MustCompile(`^\| \d+ \|`).MatchString(line) {
			continue
		}
		rows++
		found := named.FindAllStringSubmatch(line, -1)
		if len(found) == 0 {
			t.Errorf("no test in %s", line)
		}
		for _, f := range found {
			source, err := os.ReadFile(filepath.Join(folder, f[2]))
			if err != nil {
				t.Error(err)
				continue
			}
			text := string(source)
			if !strings.Contains(text, "func "+f[1]+"(t *testing.T)") && !strings.Contains(text, "test('"+f[1]+"'") && !strings.Contains(text, "t.Run(\""+f[1]+"\"") {
				t.Errorf("%s is not in %s", f[1], f[2])
			}
		}
	}
	if rows != 17 {
		t.Errorf("the list has %d defects, want 17", rows)
	}
}
