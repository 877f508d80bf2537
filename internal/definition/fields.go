// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// fields is a part of an object being built. Values may be parameter structs; object turns all of it into plain JSON.
type fields map[string]any

// set adds a field unless its value is the zero value, an empty list or an empty map: what a user does not state is left
// to the API server, so that server-side apply owns nothing that nobody asked for.
func (f fields) set(name string, value any) fields {
	v := reflect.ValueOf(value)
	if !v.IsValid() || v.IsZero() {
		return f
	}
	if (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.Len() == 0 {
		return f
	}
	f[name] = value
	return f
}

// object turns a tree of fields and structs into what the API machinery takes: maps, lists, strings, int64 and bool.
func object(tree fields) (*unstructured.Unstructured, error) {
	raw, err := json.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("writing the object as JSON: %w", err)
	}
	out := &unstructured.Unstructured{}
	if err := out.UnmarshalJSON(raw); err != nil {
		return nil, fmt.Errorf("reading the object: %w", err)
	}
	return out, nil
}

func quoted(text string) string {
	const most = 60
	if len(text) > most {
		text = text[:most]
	}
	return strconv.QuoteToGraphic(text)
}
