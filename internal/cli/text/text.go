// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package text

import (
	"embed"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed en.yaml zh.yaml
var catalogues embed.FS

// The languages.
const (
	English = "en"
	Chinese = "zh"
)

// Text is the catalogue of one language. The zero value answers with keys.
type Text struct {
	language string
	says     map[string]string
	english  map[string]string
}

// Load reads the catalogue of a language. It fails only when a catalogue that was built in is broken.
func Load(language string) (Text, error) {
	english, err := read(English)
	if err != nil || language != Chinese {
		return Text{English, english, english}, err
	}
	chinese, err := read(Chinese)
	return Text{Chinese, chinese, english}, err
}

func read(language string) (map[string]string, error) {
	raw, err := catalogues.ReadFile(language + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("reading the %s catalogue: %w", language, err)
	}
	says := map[string]string{}
	if err := yaml.UnmarshalStrict(raw, &says); err != nil {
		return nil, fmt.Errorf("reading the %s catalogue: %w", language, err)
	}
	return says, nil
}

// Language is en or zh.
func (t Text) Language() string { return t.language }

// Of is the sentence with this key, its verbs filled with args. A key that the language lacks is said in English.
func (t Text) Of(key string, args ...any) string {
	format, ok := t.says[key]
	if !ok {
		format, ok = t.english[key]
	}
	if !ok {
		format = key + strings.Repeat(" %v", len(args))
	}
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// Error is the sentence as an error. A last argument that is an error can be found with errors.Is and As.
func (t Text) Error(key string, args ...any) error {
	s := sentence{text: t.Of(key, args...)}
	if len(args) > 0 {
		s.cause, _ = args[len(args)-1].(error)
	}
	return s
}

type sentence struct {
	text  string
	cause error
}

func (s sentence) Error() string { return s.text }
func (s sentence) Unwrap() error { return s.cause }

// Known says that a language that was asked for is there: en or zh, whatever follows, as in zh_CN or en-GB.
func Known(asked string) bool {
	language, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(asked), "-", "_"), "_")
	return language == English || language == Chinese
}

// Choose picks the language: what was asked for (--lang), or the locale of the environment, or English.
func Choose(asked string, getenv func(string) string) string {
	for _, from := range []string{asked, getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG")} {
		switch from = strings.ToLower(from); {
		case from == "":
			continue
		case strings.HasPrefix(from, Chinese):
			return Chinese
		default:
			return English
		}
	}
	return English
}
