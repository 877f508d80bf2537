// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package text

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestBothLanguagesSayTheSameThings(t *testing.T) {
	english, chinese := load(t, English), load(t, Chinese)
	verbs := regexp.MustCompile(`%(\.\d)?[a-z%]`)
	for key, en := range english.says {
		zh, ok := chinese.says[key]
		if !ok {
			t.Errorf("zh.yaml lacks %s", key)
			continue
		}
		if !slices.Equal(verbs.FindAllString(en, -1), verbs.FindAllString(zh, -1)) {
			t.Errorf("%s: the verbs differ: %q and %q", key, en, zh)
		}
	}
	for key := range chinese.says {
		if _, ok := english.says[key]; !ok {
			t.Errorf("en.yaml lacks %s", key)
		}
	}
}

// TestEachKeyThatIsUsedIsSaidInBothLanguages walks the sources of the command line for keys.
func TestEachKeyThatIsUsedIsSaidInBothLanguages(t *testing.T) {
	english, chinese := load(t, English), load(t, Chinese)
	uses := regexp.MustCompile(`(?:Text|text|\bt)\.(?:Of|Error)\("([^"]+)"[,)]`)
	found := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, use := range uses.FindAllSubmatch(source, -1) {
			found++
			for _, said := range []Text{english, chinese} {
				if _, ok := said.says[string(use[1])]; !ok {
					t.Errorf("%s: %s is not said in %s", path, use[1], said.language)
				}
			}
		}
		return nil
	})
	if err != nil || found == 0 {
		t.Fatalf("%d uses were found: %v", found, err)
	}
}

func load(t *testing.T, language string) Text {
	t.Helper()
	loaded, err := Load(language)
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func TestTheLanguageIsWhatWasAskedForOrTheLocale(t *testing.T) {
	cases := map[string]struct {
		asked string
		env   map[string]string
		want  string
	}{
		"nothing is known":                    {"", nil, English},
		"the locale is Chinese":               {"", map[string]string{"LANG": "zh_CN.UTF-8"}, Chinese},
		"LC_ALL is stronger than LANG":        {"", map[string]string{"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, English},
		"what was asked for is the strongest": {"zh", map[string]string{"LC_ALL": "en_US.UTF-8"}, Chinese},
		"a language that there is not":        {"fr", map[string]string{"LANG": "zh_CN"}, English},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := Choose(c.asked, func(k string) string { return c.env[k] }); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestAKeyThatIsNotThereIsSaidAsItIs(t *testing.T) {
	if got := load(t, Chinese).Of("no.such.key", 1); got != "no.such.key 1" {
		t.Errorf("got %q", got)
	}
}
