// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package validate

import (
	"errors"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/definition"
	"github.com/vela-rollouts/vela/internal/definition/schema"
)

// longestName of an application leaves room for "-v12345" in the label that names the revision, which has 63 characters.
const longestName = 63 - len("-v12345")

// longestVersion of a publishVersion is what the value of a label may have.
const longestVersion = 63

// WorkflowCheck returns the faults of an application's workflow, a sentence each. The workflow engine has it
// (step.ValidateWorkflow); it comes as a func because engines do not import one another.
type WorkflowCheck func(spec v1beta1.ApplicationSpec) []error

// Application returns every mistake in app, a sentence each: the path of the field first, the mend last. Nothing means
// that it can be deployed. workflow may be nil; then steps are looked at only as far as they concern components.
func Application(reg *definition.Registry, app *v1beta1.Application, workflow WorkflowCheck) []error {
	faults := metadata(app)
	faults = append(faults, policies(reg, app.Spec.Policies)...)
	faults = append(faults, components(reg, app)...)
	if workflow != nil {
		faults = append(faults, workflow(app.Spec)...)
	}
	if len(faults) == 0 {
		faults = releases(reg, app)
	}
	return once(faults)
}

func metadata(app *v1beta1.Application) []error {
	var faults []error
	switch {
	case app.Name == "" && app.GenerateName == "":
		faults = append(faults, schema.Faultf("metadata.name", "is missing; add a name for the application"))
	case app.Name != "" && len(validation.IsDNS1123Subdomain(app.Name)) > 0:
		faults = append(faults, schema.Faultf("metadata.name", "%q is no name; write at most %d of a-z, 0-9 and dashes", cut(app.Name), longestName))
	case len(app.Name) > longestName:
		faults = append(faults, schema.Faultf("metadata.name", "%q is too long; shorten it to %d characters", cut(app.Name), longestName))
	}
	if app.Annotations[v1beta1.AnnotationAutoUpdate] == "true" && app.Annotations[v1beta1.AnnotationPublishVersion] != "" {
		faults = append(faults, schema.Faultf("metadata.annotations",
			"Application has both autoUpdate and publishVersion annotations, and only one can be present; remove one of them"))
	}
	if v, given := app.Annotations[v1beta1.AnnotationPublishVersion]; given {
		faults = append(faults, version(v)...)
	}
	return faults
}

// version checks a publishVersion: what people type after -v, and see in lists.
func version(v string) []error {
	at := schema.Join("metadata.annotations", v1beta1.AnnotationPublishVersion)
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.", r)
	}
	switch {
	case v == "":
		return []error{schema.Faultf(at, "is empty; write a version such as v1, or remove the annotation so that each change of the spec is published")}
	case len(v) > longestVersion || strings.ContainsFunc(v, func(r rune) bool { return !plain(r) }):
		return []error{schema.Faultf(at, "%q is no version; write at most %d of A-Z, a-z, 0-9, '-', '_' and '.'", cut(v), longestVersion)}
	}
	return nil
}

func policies(reg *definition.Registry, policies []v1beta1.Policy) []error {
	var faults []error
	first := map[string]int{}
	for i, policy := range policies {
		at := schema.Index("spec.policies", i)
		if earlier, repeated := first[policy.Name]; repeated && policy.Name != "" {
			faults = append(faults, schema.Faultf(at+".name", "duplicated policy name %s, which policies[%d] has already; give each policy a name of its own", cut(policy.Name), earlier))
		}
		first[policy.Name] = i
		if policy.Type == "" {
			faults = append(faults, schema.Faultf(at+".type", "is missing; add the type of the policy, for example override"))
			continue
		}
		def, err := reg.Policy(policy.Type)
		if err != nil {
			faults = append(faults, schema.FaultOf(schema.UnknownType, at+".type", "%v", err))
			continue
		}
		faults = append(faults, def.Check(at+".properties", policy.Properties)...)
	}
	return faults
}

// cut shortens what a user wrote for a sentence.
func cut(text string) string {
	const most = 80
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// once leaves out sentences that are there already, and takes joined errors apart.
func once(faults []error) []error {
	var out []error
	seen := map[string]bool{}
	for _, fault := range faults {
		var joined interface{ Unwrap() []error }
		parts := []error{fault}
		if errors.As(fault, &joined) {
			parts = joined.Unwrap()
		}
		for _, part := range parts {
			if !seen[part.Error()] {
				out = append(out, part)
			}
			seen[part.Error()] = true
		}
	}
	return out
}

// loop finds names that wait for one another, in order, or nothing. needs maps a name to those it waits for.
func loop(names []string, needs map[string][]string) []string {
	const walking, walked = 1, 2
	state := map[string]int{}
	var path []string
	var walk func(name string) []string
	walk = func(name string) []string {
		switch state[name] {
		case walked:
			return nil
		case walking:
			start := slices.Index(path, name)
			return append(slices.Clone(path[start:]), name)
		}
		state[name] = walking
		path = append(path, name)
		for _, needed := range needs[name] {
			if found := walk(needed); found != nil {
				return found
			}
		}
		path = path[:len(path)-1]
		state[name] = walked
		return nil
	}
	for _, name := range names {
		if found := walk(name); found != nil {
			return found
		}
	}
	return nil
}
