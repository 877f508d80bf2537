// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

import (
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// Override are the parameters of policy override: how components differ where it applies.
type Override struct {
	Components []OverrideComponent `json:"components,omitempty" doc:"What to change in which components, or components to add."`
	Selector   []string            `json:"selector,omitempty" doc:"Names of the components that are kept; all without it."`
}

// OverrideComponent changes the components that Name and Type select.
type OverrideComponent struct {
	Name             string                `json:"name,omitempty" doc:"Name of the component, in which * stands for any text; all without it."`
	Type             string                `json:"type,omitempty" doc:"Type of the component."`
	ExternalRevision string                `json:"externalRevision,omitempty" doc:"External revision of the component."`
	Properties       *runtime.RawExtension `json:"properties,omitempty" doc:"Merged into the component's properties; lists are replaced."`
	Traits           []OverrideTrait       `json:"traits,omitempty" doc:"Merged into the component's traits of the same type."`
}

// OverrideTrait changes, adds or removes a trait.
type OverrideTrait struct {
	Type       string                `json:"type" schema:"required,minLength=1" doc:"Type of the trait."`
	Properties *runtime.RawExtension `json:"properties,omitempty" doc:"Merged into the trait's properties."`
	Disable    bool                  `json:"disable,omitempty" schema:"default=false" doc:"Removes the trait."`
}

// Pattern turns the name into an expression that matches whole names only.
func (c OverrideComponent) Pattern() (*regexp.Regexp, error) {
	return regexp.Compile("^(?:" + strings.ReplaceAll(strings.ReplaceAll(c.Name, ".*", "*"), "*", ".*") + ")$")
}

// Check reports a policy that does nothing.
func (o Override) Check(at string) []error {
	if len(o.Components) == 0 && len(o.Selector) == 0 {
		return []error{schema.Faultf(at, "an override policy must not have empty properties; add components or a selector")}
	}
	return nil
}

// Check reports a name that is no pattern.
func (c OverrideComponent) Check(at string) []error {
	if _, err := c.Pattern(); err != nil {
		return []error{schema.Faultf(schema.Join(at, "name"), "%s is no pattern; write a component's name, in which * stands for any text", quoted(c.Name))}
	}
	return nil
}

// DecodeOverride reads the properties of an override policy, whose path is at.
func DecodeOverride(at string, properties *runtime.RawExtension) (Override, []error) {
	return parametersOf[Override]("override").decode(at, properties)
}

// Topology are the parameters of policy topology: where components are placed.
type Topology struct {
	Clusters             []string          `json:"clusters,omitempty" doc:"Names of clusters; local is the one that the controller runs in."`
	ClusterLabelSelector map[string]string `json:"clusterLabelSelector,omitempty" doc:"Labels of clusters."`
	AllowEmpty           bool              `json:"allowEmpty,omitempty" schema:"default=false" doc:"Takes it as done when no cluster matches."`
	Namespace            string            `json:"namespace,omitempty" doc:"Namespace for the objects, instead of the application's."`
}

// Check reports clusters that are not there.
func (t Topology) Check(at string) []error {
	var faults []error
	if len(t.ClusterLabelSelector) > 0 {
		faults = append(faults, schema.Faultf(schema.Join(at, "clusterLabelSelector"), "no cluster has labels; write clusters: [local] instead"))
	}
	for i, cluster := range t.Clusters {
		if cluster != "local" {
			faults = append(faults, schema.Faultf(schema.Index(schema.Join(at, "clusters"), i), "there is no cluster %s; write local", quoted(cluster)))
		}
	}
	return faults
}

func override() Policy {
	p := parametersOf[Override]("override")
	return Policy{Name: "override", Summary: "Changes components where it applies.", Schema: p.schema, Check: p.check}
}

func topology() Policy {
	p := parametersOf[Topology]("topology")
	return Policy{Name: "topology", Summary: "Says where components are placed.", Schema: p.schema, Check: p.check}
}
