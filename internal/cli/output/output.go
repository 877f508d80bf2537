// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package output

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"k8s.io/client-go/util/jsonpath"
	"sigs.k8s.io/yaml"
)

// Format is what -o asks for.
type Format string

// The formats. The empty one is the verb's own text.
const (
	Table Format = "table"
	JSON  Format = "json"
	YAML  Format = "yaml"
	// jsonPath is followed by "=" and a template.
	jsonPath = "jsonpath"
)

// Parse checks what was given with -o; the error names what there is.
func Parse(given string) (Format, error) {
	switch f := Format(given); {
	case f == "" || f == Table || f == JSON || f == YAML || strings.HasPrefix(given, jsonPath+"="):
		return f, nil
	default:
		return "", fmt.Errorf("-o %s is not a format: use table, json, yaml or jsonpath=TEMPLATE", given)
	}
}

// Structured says that the format is for programs.
func (f Format) Structured() bool { return f != "" && f != Table }

// Write writes v in a structured format.
func Write(w io.Writer, f Format, v any) error {
	switch {
	case f == JSON:
		raw, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return fmt.Errorf("writing JSON: %w", err)
		}
		_, err = fmt.Fprintln(w, string(raw))
		return err
	case strings.HasPrefix(string(f), jsonPath+"="):
		return writePath(w, strings.TrimPrefix(string(f), jsonPath+"="), v)
	default:
		raw, err := yaml.Marshal(v)
		if err != nil {
			return fmt.Errorf("writing YAML: %w", err)
		}
		_, err = w.Write(raw)
		return err
	}
}

func writePath(w io.Writer, template string, v any) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("writing by a JSON path: %w", err)
	}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		return fmt.Errorf("writing by a JSON path: %w", err)
	}
	if !strings.HasPrefix(template, "{") {
		template = "{" + template + "}"
	}
	path := jsonpath.New("output").AllowMissingKeys(true)
	if err := path.Parse(template); err != nil {
		return fmt.Errorf("-o jsonpath=%s: %w: write it like {.status.status}", template, err)
	}
	if err := path.Execute(w, plain); err != nil {
		return fmt.Errorf("-o jsonpath=%s: %w", template, err)
	}
	_, err = fmt.Fprintln(w)
	return err
}
