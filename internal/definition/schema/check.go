// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Checker is a parameter struct with rules that a schema cannot say. Check returns Faults whose paths begin with at.
type Checker interface {
	Check(at string) []error
}

// Decode reads raw JSON into a T whose schema is s: strictly, with defaults filled in, and with the rules of each Checker
// inside it. at is the path of raw for the sentences; what names the owner of the fields, for example "webservice".
// Empty input counts as an empty object, and null as an absent field.
func Decode[T any](s *Schema, at, what string, raw []byte) (T, []error) {
	var out T
	value := any(map[string]any{})
	if len(bytes.TrimSpace(raw)) > 0 {
		parsed, err := Parse(raw)
		if err != nil {
			return out, []error{Faultf(at, "is not valid JSON (%v), so write it anew", err)}
		}
		if parsed != nil {
			value = parsed
		}
	}
	if faults := s.Check(at, what, value); len(faults) > 0 {
		return out, faults
	}
	filled, err := json.Marshal(s.fill(value))
	if err != nil {
		return out, []error{Faultf(at, "cannot be read (%v), so write it anew", err)}
	}
	if err := json.Unmarshal(filled, &out); err != nil {
		return out, []error{Faultf(at, "cannot be read (%v), so write it anew", err)}
	}
	return out, checkers(at, reflect.ValueOf(&out).Elem(), false)
}

// Parse reads one JSON value, keeping numbers as they are written.
func Parse(raw []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("parsing: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("parsing: text after the value")
	}
	return value, nil
}

// Check compares a parsed value with the schema and returns one Fault for each difference, in the order of field names.
func (s *Schema) Check(at, what string, value any) []error {
	if s.Type == "" || value == nil {
		return nil
	}
	switch typed := value.(type) {
	case map[string]any:
		if s.Type == TypeObject {
			return s.checkObject(at, what, typed)
		}
	case []any:
		if s.Type == TypeArray {
			return s.checkArray(at, what, typed)
		}
	case string:
		if s.Type == TypeString {
			return s.checkString(at, typed)
		}
	case bool:
		if s.Type == TypeBoolean {
			return nil
		}
	case json.Number:
		if s.Type == TypeNumber || (s.Type == TypeInteger && isWhole(typed)) {
			return s.checkNumber(at, typed)
		}
	}
	return []error{FaultOf(WrongType, at, "must be %s, but is %s; %s", typeName(s.Type), described(value), s.mend(value))}
}

func (s *Schema) checkObject(at, what string, object map[string]any) []error {
	if s.Open {
		return nil
	}
	var faults []error
	if len(object) < s.MinProperties {
		faults = append(faults, FaultOf(TooShort, at, "is empty; add at least one entry"))
	}
	for _, name := range s.Required {
		if object[name] == nil {
			faults = append(faults, FaultOf(Required, Join(at, name), "is missing; add %s", s.Properties[name].example(name)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		property := s.Properties[name]
		if property == nil {
			property = s.Additional
		}
		if property == nil {
			faults = append(faults, s.unknown(Join(at, name), what, name))
			continue
		}
		faults = append(faults, property.Check(Join(at, name), what, object[name])...)
	}
	return faults
}

func (s *Schema) unknown(at, what, name string) error {
	if near := Nearest(name, s.Names()); near != "" {
		return FaultOf(UnknownField, at, "%s has no such field; write %s instead", what, near)
	}
	return FaultOf(UnknownField, at, "%s has no such field; remove it or use %s", what, List(s.Names()))
}

func (s *Schema) checkArray(at, what string, list []any) []error {
	if len(list) < s.MinItems {
		return []error{FaultOf(TooShort, at, "is empty; add at least one entry")}
	}
	var faults []error
	for i, entry := range list {
		if entry == nil {
			faults = append(faults, FaultOf(Required, Index(at, i), "is empty; fill the entry or remove it"))
			continue
		}
		faults = append(faults, s.Items.Check(Index(at, i), what, entry)...)
	}
	return faults
}

func (s *Schema) checkString(at, text string) []error {
	if len(text) < s.MinLength {
		return []error{FaultOf(Required, at, "is empty; write a value")}
	}
	if len(s.Enum) == 0 || slices.Contains(s.Enum, text) {
		return nil
	}
	if near := Nearest(text, s.Enum); near != "" {
		return []error{FaultOf(NotAllowed, at, "%s is not known; write %s", quoted(text), near)}
	}
	return []error{FaultOf(NotAllowed, at, "%s is not known; write %s", quoted(text), List(named(s.Enum)))}
}

func named(values []string) []string {
	out := slices.Clone(values)
	for i, value := range out {
		if value == "" {
			out[i] = `""`
		}
	}
	return out
}

// outside says on which side of a range a number is; one that cannot be read is too large to.
func outside(whole int64, err error, low int64) Kind {
	if err == nil && whole < low {
		return TooSmall
	}
	return TooLarge
}

func (s *Schema) checkNumber(at string, number json.Number) []error {
	if s.Type != TypeInteger {
		return nil
	}
	whole, err := number.Int64()
	low, high := s.Minimum, s.Maximum
	if err == nil && (low == nil || whole >= *low) && (high == nil || whole <= *high) {
		return nil
	}
	switch {
	case low != nil && high != nil && *high < 1<<31-1:
		return []error{FaultOf(outside(whole, err, *low), at, "%s is outside %d to %d; write a number in that range", number, *low, *high)}
	case low != nil && (err != nil || whole < *low):
		return []error{FaultOf(TooSmall, at, "%s is too small; write %d or more", number, *low)}
	default:
		return []error{FaultOf(TooLarge, at, "%s is too large; write a smaller number", number)}
	}
}

// mend says how to write a value of the right type, from the value that was written.
func (s *Schema) mend(value any) string {
	text, isText := value.(string)
	switch s.Type {
	case TypeString:
		if number, ok := value.(json.Number); ok {
			return fmt.Sprintf("put it in quotes: %q", number)
		}
		if _, ok := value.(bool); ok {
			// YAML reads yes, no, on, off, y and n as this too, so the word itself is not known here.
			return "put the word in quotes"
		}
	case TypeInteger:
		if isText && isWhole(json.Number(text)) {
			return "write " + text + " without quotes"
		}
	case TypeBoolean:
		if isText && (text == "true" || text == "false") {
			return "write " + text + " without quotes"
		}
	case TypeArray:
		return `put a "- " before each entry`
	case TypeObject:
		return "write name: value lines below it"
	}
	return "write " + typeName(s.Type)
}

// example is "image: …" with a value of the right kind.
func (s *Schema) example(name string) string {
	switch {
	case name == "image":
		return "image with the name of a container image, for example image: nginx:1.29"
	case len(s.Enum) > 0:
		return name + " with " + List(s.Enum)
	default:
		return name + " with " + typeName(s.Type)
	}
}

// fill puts defaults where a field is absent. The value fits the schema; it is changed in place and returned.
func (s *Schema) fill(value any) any {
	switch typed := value.(type) {
	case map[string]any:
		for name, field := range typed {
			if field == nil {
				delete(typed, name)
				continue
			}
			if property := s.Properties[name]; property != nil {
				property.fill(field)
			} else if s.Additional != nil {
				s.Additional.fill(field)
			}
		}
		for name, property := range s.Properties {
			if typed[name] == nil && property.Default != nil {
				typed[name] = property.Default
			}
		}
	case []any:
		for _, entry := range typed {
			if s.Items != nil {
				s.Items.fill(entry)
			}
		}
	}
	return value
}

// checkers runs Check of every value inside v that has one; outer before inner. The Check of an embedded struct is the
// outer one's to call, as Go promotes it.
func checkers(at string, v reflect.Value, embedded bool) []error {
	var faults []error
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		return checkers(at, v.Elem(), embedded)
	}
	if checker, ok := v.Interface().(Checker); ok && !embedded {
		faults = append(faults, checker.Check(at)...)
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			switch {
			case !field.IsExported() || name == "-":
			case field.Anonymous && name == "":
				faults = append(faults, checkers(at, v.Field(i), true)...)
			default:
				faults = append(faults, checkers(Join(at, name), v.Field(i), false)...)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			faults = append(faults, checkers(Index(at, i), v.Index(i), false)...)
		}
	default:
	}
	return faults
}

func isWhole(number json.Number) bool {
	_, err := strconv.ParseInt(number.String(), 10, 64)
	return err == nil
}

// described says what a value is, short enough for a sentence.
func described(value any) string {
	switch typed := value.(type) {
	case string:
		return "the text " + quoted(typed)
	case json.Number:
		return "the number " + typed.String()
	case bool:
		return fmt.Sprintf("%t", typed)
	case []any:
		return "a list"
	case map[string]any:
		return "a map of fields"
	default:
		return "nothing"
	}
}

// quoted is text in quotes on one line, cut where it is long.
func quoted(text string) string {
	const most = 60
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return strconv.Quote(text)
}
