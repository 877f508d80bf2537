// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package step

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/definition/schema"
	"github.com/vela-rollouts/vela/internal/workflow"
)

// chooseComponents gives the application's components as the named policies change them, and those policies. With
// names, it keeps only these.
func chooseComponents(env Env, policyNames, names []string) ([]v1beta1.Component, []v1beta1.Policy, error) {
	policies, err := choosePolicies(env.App, policyNames)
	if err != nil {
		return nil, nil, err
	}
	components := env.App.Components
	if slices.ContainsFunc(policies, func(p v1beta1.Policy) bool { return p.Type == "override" }) {
		if env.Override == nil {
			return nil, nil, errors.New("override policies cannot be applied here; leave them out")
		}
		if components, err = env.Override(components, policies); err != nil {
			return nil, nil, fmt.Errorf("applying override policies: %w", err)
		}
	}
	if len(names) == 0 {
		return components, policies, nil
	}
	var chosen []v1beta1.Component
	for _, c := range components {
		if slices.Contains(names, c.Name) {
			chosen = append(chosen, c)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(chosen, func(c v1beta1.Component) bool { return c.Name == name }) {
			return nil, nil, fmt.Errorf("there is no component %q in the application; name one of its components", name)
		}
	}
	return chosen, policies, nil
}

func choosePolicies(app v1beta1.ApplicationSpec, names []string) ([]v1beta1.Policy, error) {
	var out []v1beta1.Policy
	for _, name := range names {
		found := false
		for i, p := range app.Policies {
			if workflow.PolicyName(p, i) == name {
				p.Name = name
				out = append(out, p)
				found = true
				break
			}
		}
		if !found {
			return nil, fmt.Errorf("policy %s not found", name)
		}
	}
	return out, nil
}

// componentNames are those of the application and those that its override policies may add.
func componentNames(app v1beta1.ApplicationSpec) []string {
	names := make([]string, 0, len(app.Components))
	for _, c := range app.Components {
		names = append(names, c.Name)
	}
	for i, p := range app.Policies {
		if p.Type != "override" {
			continue
		}
		override, faults := definition.DecodeOverride(schema.Index("spec.policies", i), p.Properties)
		if len(faults) > 0 {
			continue // said about the policy
		}
		for _, c := range override.Components {
			if c.Name != "" && !slices.Contains(names, c.Name) {
				names = append(names, c.Name)
			}
		}
	}
	return names
}
