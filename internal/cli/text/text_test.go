// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package text

import (
	"regexp"
	"slices"
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
