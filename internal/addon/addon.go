// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package addon

import (
	"slices"
	"time"
)

// Namespace and ConfigMap are where the record is kept.
const (
	Namespace = "vela-system"
	ConfigMap = "vela-addons"
)

// The states of an add-on.
const (
	Enabled  = "enabled"
	Disabled = "disabled"
)

// Addon is one add-on.
type Addon struct {
	Name string
	// Aliases are other names that people know it by.
	Aliases []string
	// Text is the key of its description; Text + ".provides" tells what it brings, a line each.
	Text string
	// Missing says that it is known but not part of this version.
	Missing bool
}

// Builtin are the add-ons, by name.
func Builtin() []Addon {
	return []Addon{
		{Name: "ingress-nginx", Aliases: []string{"nginx-ingress-controller"}, Text: "addon.ingress-nginx"},
		{Name: "kruise-rollout", Aliases: []string{"rollout"}, Text: "addon.kruise-rollout"},
		{Name: "velaux", Text: "addon.velaux", Missing: true},
	}
}

// Find looks an add-on up by its name or an alias.
func Find(name string) (Addon, bool) {
	for _, a := range Builtin() {
		if a.Name == name || slices.Contains(a.Aliases, name) {
			return a, true
		}
	}
	return Addon{}, false
}

// Names are the names of all add-ons, for the sentence that says what there is.
func Names() []string {
	var all []string
	for _, a := range Builtin() {
		all = append(all, a.Name)
	}
	return all
}

// Record is the data of the ConfigMap: name → state, a blank, and since when (RFC 3339).
type Record map[string]string

// State is what the record says of an add-on; one that was never enabled is disabled.
func (r Record) State(name string) string {
	if len(r[name]) >= len(Enabled) && r[name][:len(Enabled)] == Enabled {
		return Enabled
	}
	return Disabled
}

// With is the record after a decision; the record itself stays as it is.
func (r Record) With(name, state string, now time.Time) Record {
	next := Record{}
	for k, v := range r {
		next[k] = v
	}
	next[name] = state + " " + now.UTC().Format(time.RFC3339)
	return next
}
