// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	yamlv3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

// document is one YAML document of the input, and the line of the input that it begins at, counted from 1.
type document struct {
	text []byte
	line int
}

// split cuts the input at lines that begin with "---" and leaves out documents without content.
func split(data []byte) ([]document, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var out []document
	current := document{line: 1}
	number := 0
	for line := range bytes.Lines(data) {
		number++
		if marker(line) {
			out = append(out, current)
			// What follows the marker on its line belongs to the document; blanks keep its column.
			current = document{text: append([]byte("   "), line[3:]...), line: number}
			continue
		}
		current.text = append(current.text, line...)
	}
	out = append(out, current)
	kept := out[:0]
	for _, d := range out {
		empty, err := d.check()
		if err != nil {
			return nil, err
		}
		if !empty {
			kept = append(kept, d)
		}
	}
	return kept, nil
}

func marker(line []byte) bool {
	rest, found := bytes.CutPrefix(line, []byte("---"))
	return found && (len(rest) == 0 || bytes.ContainsRune([]byte(" \t\r\n"), rune(rest[0])))
}

// check tells whether the document is empty, or what keeps it from being one YAML document. The parser that reads values
// ignores what follows a document by mistake; this one does not, and it knows the lines.
func (d document) check() (empty bool, err error) {
	decoder := yamlv3.NewDecoder(bytes.NewReader(d.text))
	var node yamlv3.Node
	err = decoder.Decode(&node)
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	if err != nil {
		return false, d.sentence(err)
	}
	if err := decoder.Decode(&yamlv3.Node{}); !errors.Is(err, io.EOF) {
		if err == nil {
			err = errors.New("yaml: a second document without a marker")
		}
		return false, d.sentence(err)
	}
	return len(node.Content) == 1 && node.Content[0].Tag == "!!null", nil
}

// json is the document as JSON; a field that is there twice is an error.
func (d document) json() ([]byte, error) {
	raw, err := yaml.YAMLToJSONStrict(d.text)
	if err != nil {
		return nil, d.sentence(err)
	}
	return raw, nil
}

// sentence turns an error of a YAML parser into one that names the line of the input and the mend.
func (d document) sentence(err error) error {
	problem := strings.TrimPrefix(err.Error(), "yaml: ")
	problem, _, _ = strings.Cut(strings.TrimPrefix(problem, "unmarshal errors:\n  "), "\n")
	line := 1
	if found := regexp.MustCompile(`^line (\d+): (.*)`).FindStringSubmatch(problem); found != nil {
		line, _ = strconv.Atoi(found[1])
		problem = found[2]
		if strings.HasPrefix(problem, "did not find expected") {
			// The library counts these from 0.
			line++
		}
	}
	if repeated := regexp.MustCompile(`^key (".*") already set in map`).FindStringSubmatch(problem); repeated != nil {
		return fmt.Errorf("line %d: the field %s is there twice; remove one of them", line+d.line-1, repeated[1])
	}
	return fmt.Errorf("line %d: this is not valid YAML (%s); %s", line+d.line-1, problem, d.mend(line, problem))
}

// mend says what is most likely to help.
func (d document) mend(line int, problem string) string {
	if lines := bytes.Split(d.text, []byte("\n")); line >= 1 && line <= len(lines) {
		text := lines[line-1]
		if bytes.ContainsRune(text[:len(text)-len(bytes.TrimLeft(text, " \t"))], '\t') {
			return "indent with blanks instead of tabs"
		}
	}
	switch {
	case strings.Contains(problem, "mapping values are not allowed"):
		return `check the indentation, and put a value that contains ": " in quotes`
	case strings.Contains(problem, "could not find expected ':'"):
		return "put a colon after the name of the field"
	case strings.Contains(problem, "document"):
		return "begin each document with a line ---, and its first field at the start of a line"
	case strings.Contains(problem, "cannot start any token"):
		return "put the value in quotes"
	case strings.Contains(problem, "control characters"):
		return "save the file as plain text in UTF-8"
	default:
		return "check the indentation, quotes and brackets from that line on"
	}
}
