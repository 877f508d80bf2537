// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package schema

import (
	"fmt"
	"strings"
)

// Kind is one word for what is wrong, for those who translate a fault; empty where only the sentence says it.
type Kind string

// The kinds.
const (
	Required     Kind = "required"
	UnknownField Kind = "unknown-field"
	UnknownType  Kind = "unknown-type"
	WrongType    Kind = "wrong-type"
	TooSmall     Kind = "too-small"
	TooLarge     Kind = "too-large"
	TooShort     Kind = "too-short"
	NotAllowed   Kind = "not-allowed"
)

// Fault is one thing that is wrong in what a user wrote.
type Fault struct {
	// Field is the path, such as spec.components[0].properties.image; it may be empty.
	Field string
	Kind  Kind
	// Detail says what is wrong and ends with the mend, without a full stop.
	Detail string
}

// Error is the whole sentence: field, colon, detail.
func (f *Fault) Error() string {
	if f.Field == "" {
		return f.Detail
	}
	return f.Field + ": " + f.Detail
}

// Faultf makes a Fault for the field at a path.
func Faultf(field, format string, args ...any) error {
	return &Fault{Field: field, Detail: fmt.Sprintf(format, args...)}
}

// FaultOf makes a Fault of a kind.
func FaultOf(kind Kind, field, format string, args ...any) error {
	return &Fault{Field: field, Kind: kind, Detail: fmt.Sprintf(format, args...)}
}

// Join writes a path: its base and the name of a field or key below it.
func Join(base, name string) string {
	if !plainKey(name) {
		return fmt.Sprintf("%s[%q]", base, name)
	}
	if base == "" {
		return name
	}
	return base + "." + name
}

// Index writes the path of the i-th entry of a list, counted from 0.
func Index(base string, i int) string {
	return fmt.Sprintf("%s[%d]", base, i)
}

func plainKey(name string) bool {
	if name == "" || len(name) > 100 {
		return false
	}
	return !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}
