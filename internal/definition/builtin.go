// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package definition

// Builtin returns the definitions that come with the product.
func Builtin() *Registry {
	return &Registry{
		Components: []Component{
			daemon(),
			statefulSet(),
			webservice(),
			worker(),
		},
		Traits: []Trait{
			gateway(),
			httpRoute(),
			httpsRoute(),
			scaler(),
			storage(),
		},
		Policies: []Policy{
			override(),
			topology(),
		},
	}
}
