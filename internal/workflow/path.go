// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package workflow

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// maxIndex bounds the list that a parameterKey may ask for.
const maxIndex = 1000

// parsePath reads a path such as a.b[0]["c-d"] into its keys (string) and indexes (int).
func parsePath(path string) ([]any, error) {
	var out []any
	rest := path
	for first := true; rest != ""; first = false {
		if strings.HasPrefix(rest, "[") {
			end := strings.IndexByte(rest, ']')
			if end < 0 {
				return nil, fmt.Errorf("path %q: a [ has no ]; close it", path)
			}
			key, err := bracket(rest[1:end])
			if err != nil {
				return nil, fmt.Errorf("path %q: %w", path, err)
			}
			out = append(out, key)
			rest = rest[end+1:]
			continue
		}
		if !first {
			if rest[0] != '.' {
				return nil, fmt.Errorf("path %q: a part must follow a dot; write it as a.b[0]", path)
			}
			rest = rest[1:]
		}
		end := strings.IndexAny(rest, ".[")
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			return nil, fmt.Errorf("path %q has an empty part; write it as a.b[0]", path)
		}
		out = append(out, rest[:end])
		rest = rest[end:]
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("the path is empty; write it as a.b[0]")
	}
	return out, nil
}

func bracket(inner string) (any, error) {
	if strings.HasPrefix(inner, `"`) {
		key, err := strconv.Unquote(inner)
		if err != nil {
			return nil, fmt.Errorf("%s is not a quoted name; quote it with two double quotes", inner)
		}
		return key, nil
	}
	index, err := strconv.Atoi(inner)
	if err != nil || index < 0 || index > maxIndex {
		return nil, fmt.Errorf("[%s] is not an index; give a number from 0 to %d", inner, maxIndex)
	}
	return index, nil
}

// lookup gives the value at the path.
func lookup(in any, path string) (any, error) {
	keys, err := parsePath(path)
	if err != nil {
		return nil, err
	}
	for i, key := range keys {
		var found bool
		switch at := key.(type) {
		case string:
			m, _ := in.(map[string]any)
			in, found = m[at]
		case int:
			l, _ := in.([]any)
			if found = at < len(l); found {
				in = l[at]
			}
		}
		if !found {
			return nil, fmt.Errorf("path %q: there is no %v; name what the step gives", path, keys[i])
		}
	}
	return in, nil
}

// place gives a copy of what is on the way to the path, with the value there. Objects and lists are made where there is
// nothing; a value of another kind in the way is an error.
func place(in any, path string, value any) (any, error) {
	keys, err := parsePath(path)
	if err != nil {
		return nil, err
	}
	return placeAt(in, path, keys, value)
}

func placeAt(in any, path string, keys []any, value any) (any, error) {
	if len(keys) == 0 {
		return value, nil
	}
	switch at := keys[0].(type) {
	case int:
		list, ok := in.([]any)
		if !ok && in != nil {
			return nil, fmt.Errorf("path %q: [%d] needs a list there; give another path", path, at)
		}
		out := make([]any, max(len(list), at+1))
		copy(out, list)
		inner, err := placeAt(out[at], path, keys[1:], value)
		out[at] = inner
		return out, err
	default:
		name := fmt.Sprint(at)
		object, ok := in.(map[string]any)
		if !ok && in != nil {
			return nil, fmt.Errorf("path %q: %s needs an object there; give another path", path, name)
		}
		out := make(map[string]any, len(object)+1)
		for k, v := range object {
			out[k] = v
		}
		inner, err := placeAt(out[name], path, keys[1:], value)
		out[name] = inner
		return out, err
	}
}

func decodeProperties(raw *runtime.RawExtension) (any, error) {
	if raw == nil || len(raw.Raw) == 0 {
		return map[string]any{}, nil
	}
	value, err := decode(string(raw.Raw))
	if err != nil {
		return nil, fmt.Errorf("properties: %w", err)
	}
	if value == nil {
		return map[string]any{}, nil
	}
	return value, nil
}

// decode reads JSON and keeps numbers as they are written.
func decode(text string) (any, error) {
	var value any
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return nil, fmt.Errorf("reading JSON: %w", err)
	}
	return value, nil
}
