// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"strings"

	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

// Kind is what a topic is about.
type Kind string

// The kinds of topics. The data of each is what a REST operation answers.
const (
	Apps     Kind = "apps"     // listApps: apps:NS, or apps:* for all that the person may list
	App      Kind = "app"      // getOverview: app:NS/NAME
	Run      Kind = "run"      // getRun: run:NS/NAME/RUN
	Topology Kind = "topology" // getTopology: topology:NS/NAME
	Pods     Kind = "pods"     // listPods: pods:NS/NAME
	Activity Kind = "activity" // listActivity: activity:NS or activity:NS/NAME
	System   Kind = "system"   // getSystem
)

// Everywhere is the namespace of apps:*.
const Everywhere = "*"

// longestTopic in bytes.
const longestTopic = 600

// Topic is what a client follows.
type Topic struct {
	Kind                Kind
	Namespace, App, Run string
}

// String is the topic as clients write it.
func (t Topic) String() string {
	s := string(t.Kind)
	for i, part := range []string{t.Namespace, t.App, t.Run} {
		switch {
		case part == "":
			return s
		case i == 0:
			s += ":" + part
		default:
			s += "/" + part
		}
	}
	return s
}

// Parse reads a topic. The error is a fault of field path.
func Parse(path, s string) (Topic, *api.FieldError) {
	wrong := problem.Field(path, api.FieldErrorCodeFormat,
		"%.80q is no topic; write apps:NS, apps:*, app:NS/NAME, run:NS/NAME/RUN, topology:NS/NAME, pods:NS/NAME, activity:NS, activity:NS/NAME or system", s)
	if len(s) > longestTopic {
		return Topic{}, &wrong
	}
	kind, rest, _ := strings.Cut(s, ":")
	t, parts := Topic{Kind: Kind(kind)}, strings.SplitN(rest, "/", 3)
	for i, into := range []*string{&t.Namespace, &t.App, &t.Run}[:len(parts)] {
		*into = parts[i]
	}
	if t.String() != s || !t.complete() {
		return Topic{}, &wrong
	}
	return t, nil
}

func (t Topic) complete() bool {
	switch t.Kind {
	case Apps:
		return t.Namespace != "" && t.App == ""
	case App, Topology, Pods:
		return t.App != "" && t.Run == "" && t.Namespace != Everywhere
	case Run:
		return t.Run != "" && !strings.Contains(t.Run, "/") && t.Namespace != Everywhere
	case Activity:
		return t.Namespace != "" && t.Run == "" && t.Namespace != Everywhere
	case System:
		return t.Namespace == ""
	default:
		return false
	}
}
