// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package access

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Level is how much a person has to show before an operation.
type Level string

// The levels of x-access.
const (
	// Public is for anybody.
	Public Level = "public"
	// Session is for anybody who is signed in.
	Session Level = "session"
	// Permission is for those who have all Needs.
	Permission Level = "permission"
)

// Need is one permission of Kubernetes. Namespaced ones are needed in the namespace of the path.
type Need struct {
	Verb       string `json:"verb"`
	Group      string `json:"group"`
	Resource   string `json:"resource"`
	Namespaced bool   `json:"namespaced"`
}

// Operation is one operation of the contract.
type Operation struct {
	// ID as the generated code spells it: with a capital.
	ID, Method, Path string
	Level            Level
	Needs            []Need
}

// Rules are the operations by ID.
type Rules map[string]Operation

// methods of OpenAPI that an operation can have.
func methods() []string {
	return []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}
}

// ReadContract reads the operations and their x-access out of an OpenAPI document. An operation without is an error.
func ReadContract(document []byte) (Rules, error) {
	var doc struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := yaml.Unmarshal(document, &doc); err != nil {
		return nil, fmt.Errorf("reading the contract: %w", err)
	}
	rules := Rules{}
	for path, item := range doc.Paths {
		for method, raw := range item {
			if !slices.Contains(methods(), method) {
				continue
			}
			op, err := operation(raw)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", strings.ToUpper(method), path, err)
			}
			if _, twice := rules[op.ID]; twice {
				return nil, fmt.Errorf("%s %s: operationId %s is there twice", strings.ToUpper(method), path, op.ID)
			}
			op.Method, op.Path = strings.ToUpper(method), path
			rules[op.ID] = op
		}
	}
	return rules, nil
}

func operation(raw json.RawMessage) (Operation, error) {
	var o struct {
		ID     string          `json:"operationId"`
		Access json.RawMessage `json:"x-access"`
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		return Operation{}, err
	}
	if o.ID == "" {
		return Operation{}, errors.New("it has no operationId")
	}
	op := Operation{ID: strings.ToUpper(o.ID[:1]) + o.ID[1:]}
	switch {
	case len(o.Access) == 0:
		return op, errors.New("it has no x-access: say public, session, or the permissions it needs")
	case o.Access[0] == '"':
		var level Level
		if err := json.Unmarshal(o.Access, &level); err != nil || level != Public && level != Session {
			return op, fmt.Errorf("x-access %s is neither public nor session", o.Access)
		}
		op.Level = level
		return op, nil
	case o.Access[0] == '{':
		o.Access = bytes.Join([][]byte{{'['}, o.Access, {']'}}, nil)
	}
	op.Level = Permission
	decoder := json.NewDecoder(bytes.NewReader(o.Access))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&op.Needs); err != nil {
		return op, fmt.Errorf("x-access: %w", err)
	}
	for _, n := range op.Needs {
		if n.Verb == "" || n.Resource == "" {
			return op, errors.New("x-access: verb and resource are needed")
		}
	}
	if len(op.Needs) == 0 {
		return op, errors.New("x-access: no permission is named")
	}
	return op, nil
}
