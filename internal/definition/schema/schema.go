// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// The JSON types; an empty Type accepts anything.
const (
	TypeObject  = "object"
	TypeArray   = "array"
	TypeString  = "string"
	TypeInteger = "integer"
	TypeNumber  = "number"
	TypeBoolean = "boolean"
)

// Schema is the part of JSON schema that parameters need. It marshals to a JSON schema document.
type Schema struct {
	Type        string             `json:"type,omitempty"`
	Description string             `json:"description,omitempty"`
	Properties  map[string]*Schema `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Items       *Schema            `json:"items,omitempty"`
	// Additional is the schema of a map's values; with Open any key and value goes, otherwise only Properties do.
	Additional    *Schema  `json:"-"`
	Open          bool     `json:"-"`
	Enum          []string `json:"enum,omitempty"`
	Default       any      `json:"default,omitempty"`
	Minimum       *int64   `json:"minimum,omitempty"`
	Maximum       *int64   `json:"maximum,omitempty"`
	MinLength     int      `json:"minLength,omitempty"`
	MinItems      int      `json:"minItems,omitempty"`
	MinProperties int      `json:"minProperties,omitempty"`
}

// MarshalJSON adds additionalProperties, which is a schema for maps and false for structs.
func (s *Schema) MarshalJSON() ([]byte, error) {
	type plain Schema
	out := struct {
		*plain
		Additional any `json:"additionalProperties,omitempty"`
	}{plain: (*plain)(s)}
	switch {
	case s.Type != TypeObject, s.Open:
	case s.Additional != nil:
		out.Additional = s.Additional
	default:
		out.Additional = new(bool)
	}
	return json.Marshal(out)
}

// Names are the known fields of an object, sorted.
func (s *Schema) Names() []string {
	return slices.Sorted(maps.Keys(s.Properties))
}

// Of derives the schema of a struct. Fields carry
//
//	json:"name"                 the name, as encoding/json reads it; embedded structs are inlined
//	schema:"required,min=1,…"   required, min, max, minLength, minItems, minProperties, default, enum=A|B;
//	                            values.min and so on for the values of a map
//	doc:"…"                     one sentence for a person
//
// A malformed tag is a mistake of ours, which the golden tests of the definitions show; Of ignores it.
func Of[T any]() *Schema {
	return of(reflect.TypeFor[T]())
}

func of(t reflect.Type) *Schema {
	if t.Kind() == reflect.Pointer {
		return of(t.Elem())
	}
	if t == reflect.TypeFor[runtime.RawExtension]() {
		return &Schema{Type: TypeObject, Open: true}
	}
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return &Schema{}
	}
	switch t.Kind() {
	case reflect.String:
		return &Schema{Type: TypeString}
	case reflect.Bool:
		return &Schema{Type: TypeBoolean}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return integer(t.Bits())
	case reflect.Float32, reflect.Float64:
		return &Schema{Type: TypeNumber}
	case reflect.Slice:
		return &Schema{Type: TypeArray, Items: of(t.Elem())}
	case reflect.Map:
		return &Schema{Type: TypeObject, Additional: of(t.Elem())}
	case reflect.Struct:
		s := &Schema{Type: TypeObject, Properties: map[string]*Schema{}}
		s.addFields(t)
		return s
	default:
		return &Schema{}
	}
}

// integer limits a number to what the Go field can hold, so that decoding it never fails.
func integer(bits int) *Schema {
	s := &Schema{Type: TypeInteger}
	if bits < 64 {
		limit := int64(1)<<(bits-1) - 1
		low := -limit - 1
		s.Minimum, s.Maximum = &low, &limit
	}
	return s
}

func (s *Schema) addFields(t reflect.Type) {
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || (!field.IsExported() && !field.Anonymous) {
			continue
		}
		if field.Anonymous && name == "" {
			s.addFields(field.Type)
			continue
		}
		if name == "" {
			name = field.Name
		}
		property := of(field.Type)
		property.Description = field.Tag.Get("doc")
		if property.tag(field.Tag.Get("schema")) {
			s.Required = append(s.Required, name)
		}
		s.Properties[name] = property
	}
}

// tag reads the schema tag of a field and returns whether the field is required.
func (s *Schema) tag(tag string) (required bool) {
	for part := range strings.SplitSeq(tag, ",") {
		if forValues, found := strings.CutPrefix(part, "values."); found && s.Additional != nil {
			s.Additional.tag(forValues)
			continue
		}
		key, value, _ := strings.Cut(part, "=")
		number, _ := strconv.ParseInt(value, 10, 64)
		switch key {
		case "required":
			required = true
		case "min":
			s.Minimum = &number
		case "max":
			s.Maximum = &number
		case "minLength":
			s.MinLength = int(number)
		case "minItems":
			s.MinItems = int(number)
		case "minProperties":
			s.MinProperties = int(number)
		case "enum":
			s.Enum = strings.Split(value, "|")
		case "default":
			s.Default = s.literal(value)
		}
	}
	return required
}

func (s *Schema) literal(text string) any {
	switch s.Type {
	case TypeInteger:
		return json.Number(text)
	case TypeBoolean:
		return text == "true"
	default:
		return text
	}
}

// typeName is the type as a person says it.
func typeName(t string) string {
	switch t {
	case TypeObject:
		return "a map of fields"
	case TypeArray:
		return "a list"
	case TypeString:
		return "a text"
	case TypeInteger:
		return "a whole number"
	case TypeNumber:
		return "a number"
	case TypeBoolean:
		return "true or false"
	default:
		return fmt.Sprintf("a %s", t)
	}
}
