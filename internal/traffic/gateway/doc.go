// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package gateway routes by HTTPRoutes and GRPCRoutes of the Gateway API: the share is in the weights of the rules that lead to
// the released Service, within the user's own route.
//
// While a release lasts a backendRef to the Service stands as three, one after the other: the Service that has what the new
// version has not, another one at weight 0, and the new version's.
//
//	user's          prepared            switched            given back
//	demo     w      demo         100    demo-stable  80     demo     w
//	                demo-stable    0    demo           0
//	                demo-canary    0    demo-canary   20
//
// So from the first write to the last one only numbers and the order of two names change: a gateway knows the endpoints of all
// three before it sends them anything, and none has to add or drop a backend that carries requests (peers.md 5.5, lesson B).
//
// Where a rule has other backends too, the three share the weight that the user's one had. All weights of the rule are multiplied
// where that is needed to give a percent of it a whole number, and divided again at the end; proportions are the same at
// any time. Several Rollouts may share a route, and even a rule.
//
// Requests that match go to the new version by rules of their own: a copy of the user's rule with more matches, in which the new
// version's Service stands alone for the three. A rule with it and without the others is one of ours, which is how it is told
// apart and removed.
//
// What has to be given back is remembered in an annotation of the route, one for each Service. Every write is one JSON patch that
// tests what it replaces. Objects are read with all their fields, also those that are newer than this package.
package gateway
