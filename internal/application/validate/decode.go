// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// largest input in bytes; the API server takes no larger object.
const largest = 3 << 20

// Decode reads exactly one Application from YAML or JSON, strictly: an unknown field, a repeated one or a wrong type is a
// fault. Its status is dropped, for that is the controller's. The error joins one sentence for each mistake.
func Decode(data []byte) (*v1beta1.Application, error) {
	apps, err := DecodeAll(data)
	if err != nil {
		return nil, err
	}
	if len(apps) != 1 {
		return nil, fmt.Errorf("the input holds %d Applications, and one is expected; put each into a file of its own", len(apps))
	}
	return apps[0], nil
}

// DecodeAll reads the Applications of all documents of the input, in order; documents without content are passed over.
// With several documents a sentence says which one it is about. No document at all is an error.
func DecodeAll(data []byte) ([]*v1beta1.Application, error) {
	if len(data) > largest {
		return nil, fmt.Errorf("the input has %d bytes, which is more than an Application can have; shorten it to less than %d", len(data), largest)
	}
	documents, err := split(data)
	if err != nil {
		return nil, err
	}
	var out []*v1beta1.Application
	var faults []error
	for i, document := range documents {
		app, err := decodeOne(document)
		if err != nil && len(documents) > 1 {
			err = fmt.Errorf("document %d: %w", i+1, err)
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		out = append(out, app)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if len(out) == 0 {
		return nil, errors.New("the input is empty; write an Application that begins with apiVersion: core.oam.dev/v1beta1")
	}
	return out, nil
}

func decodeOne(document document) (*v1beta1.Application, error) {
	raw, err := document.json()
	if err != nil {
		return nil, err
	}
	value, err := schema.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("line %d: the document cannot be read (%w); write it anew", document.line, err)
	}
	fields, isMap := value.(map[string]any)
	if !isMap {
		return nil, fmt.Errorf("line %d: the document is no map of fields; begin it with apiVersion: core.oam.dev/v1beta1", document.line)
	}
	if faults := kind(fields); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	delete(fields, "status")
	if faults := schema.Of[v1beta1.Application]().Check("", "an Application", fields); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	cleaned, err := json.Marshal(fields)
	if err != nil {
		return nil, fmt.Errorf("line %d: the document cannot be read (%w); write it anew", document.line, err)
	}
	app := &v1beta1.Application{}
	if err := json.Unmarshal(cleaned, app); err != nil {
		return nil, fmt.Errorf("line %d: the document is no Application (%w); write the field as the API has it", document.line, err)
	}
	return app, nil
}

// kind checks what the document is before its fields, since the fields of another kind would all be faults.
func kind(fields map[string]any) []error {
	var faults []error
	for _, want := range []struct{ field, value string }{
		{"apiVersion", v1beta1.GroupVersion().String()},
		{"kind", "Application"},
	} {
		got, given := fields[want.field]
		switch {
		case !given || got == nil:
			faults = append(faults, schema.Faultf(want.field, "is missing; add %s: %s", want.field, want.value))
		case got != want.value:
			text, _ := json.Marshal(got)
			faults = append(faults, schema.Faultf(want.field, "%.60s is not an Application's; write %s: %s", text, want.field, want.value))
		}
	}
	return faults
}
