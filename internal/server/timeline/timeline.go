// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package timeline puts what happened to applications into one list: what was published, what people asked and why, what the steps
// of releases did, and the events of Kubernetes about the objects.
package timeline

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/gather"
	"github.com/vela-rollouts/vela/internal/server/present"
)

// Of is the list of some applications, the newest first. Events of objects that are of none of them are left out.
func Of(apps []gather.Seen, events []corev1.Event) []api.Activity {
	all := []api.Activity{}
	for _, seen := range apps {
		all = append(all, actions(seen)...)
		for _, run := range present.Runs(seen) {
			all = append(all, deployment(seen, run)...)
			all = append(all, steps(seen, run, run.Steps)...)
		}
	}
	names := workloads(apps)
	for i := range events {
		if app, ok := names.owner(events[i].InvolvedObject); ok {
			all = append(all, event(&events[i], app))
		}
	}
	slices.SortFunc(all, func(a, b api.Activity) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Id, b.Id)) })
	return slices.CompactFunc(all, func(a, b api.Activity) bool { return a.Id == b.Id })
}

// OfObject is what Kubernetes tells about one object, the newest first.
func OfObject(events []corev1.Event, app, kind, name string) []api.Activity {
	all := []api.Activity{}
	for i := range events {
		if o := events[i].InvolvedObject; o.Kind == kind && o.Name == name {
			all = append(all, event(&events[i], app))
		}
	}
	slices.SortFunc(all, func(a, b api.Activity) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Id, b.Id)) })
	return all
}

// actions are what people asked.
func actions(seen gather.Seen) []api.Activity {
	var all []api.Activity
	for i := range seen.Actions {
		r := present.Action(&seen.Actions[i])
		a := api.Activity{
			Id: "action/" + seen.App.Namespace + "/" + seen.Actions[i].Name, At: r.At, Kind: api.ActivityKindAction, Type: api.ActivityTypeNormal,
			Reason: string(r.Action), By: r.By, Note: r.Reason, Namespace: seen.App.Namespace, App: seen.App.Name, Run: r.Run, Step: r.Step,
			Message: fmt.Sprintf("%s of run %s: %s", r.Action, r.Run, strings.ToLower(string(r.Phase))),
		}
		if r.Phase == api.ActionPhaseRefused {
			a.Type = api.ActivityTypeWarning
		}
		if r.Message != "" {
			a.Message += "; " + r.Message
		}
		all = append(all, a)
	}
	return all
}

// deployment is how a run began and how it ended.
func deployment(seen gather.Seen, run api.Run) []api.Activity {
	one := func(at *time.Time, reason, message string) []api.Activity {
		if at == nil {
			return nil
		}
		return []api.Activity{{
			Id: strings.Join([]string{"run", seen.App.Namespace, seen.App.Name, run.Revision, run.Id, reason}, "/"), At: *at, Kind: api.ActivityKindDeployment, Type: api.ActivityTypeNormal,
			Reason: reason, Message: message, Namespace: seen.App.Namespace, App: seen.App.Name, Run: run.Id,
		}}
	}
	all := one(run.StartedAt, "Published", fmt.Sprintf("version %s began to be released", run.Id))
	for i := range all {
		all[i].By, all[i].Note = run.By, run.Note
	}
	ended := one(run.EndedAt, string(run.State), fmt.Sprintf("the release of %s ended: %s", run.Id, strings.ToLower(string(run.State))))
	for i := range ended {
		if run.State == api.RunStateFailed {
			ended[i].Type, ended[i].Message = api.ActivityTypeWarning, ended[i].Message+": "+run.Message
		}
	}
	return append(all, ended...)
}

// steps are what those that were reached came to.
func steps(seen gather.Seen, run api.Run, all []api.RunStep) []api.Activity {
	var out []api.Activity
	for _, s := range all {
		out = append(out, steps(seen, run, s.SubSteps)...)
		at := s.EndedAt
		if s.State == api.StepStateWaiting || s.State == api.StepStateRunning {
			at = s.StartedAt
		}
		if at == nil || s.State == api.StepStatePending {
			continue
		}
		a := api.Activity{
			Id: strings.Join([]string{"step", seen.App.Namespace, seen.App.Name, run.Id, cmp.Or(s.Id, s.Name), string(s.State)}, "/"), At: *at, Kind: api.ActivityKindStep,
			Type: api.ActivityTypeNormal, Reason: "Step" + string(s.State), Namespace: seen.App.Namespace, App: seen.App.Name, Run: run.Id, Step: s.Name,
			By: s.By, Note: s.Reason, Message: fmt.Sprintf("step %s is %s", cmp.Or(s.Alias, s.Name), strings.ToLower(string(s.State))),
		}
		if s.State == api.StepStateFailed {
			a.Type = api.ActivityTypeWarning
		}
		if s.Message != "" {
			a.Message += ": " + s.Message
		}
		out = append(out, a)
	}
	return out
}

func event(e *corev1.Event, app string) api.Activity {
	at := e.LastTimestamp.Time
	if e.Series != nil {
		at = e.Series.LastObservedTime.Time
	}
	for _, other := range []time.Time{e.EventTime.Time, e.FirstTimestamp.Time, e.CreationTimestamp.Time} {
		if at.IsZero() {
			at = other
		}
	}
	count := int(e.Count)
	if e.Series != nil {
		count = int(e.Series.Count)
	}
	kind := api.ActivityTypeNormal
	if e.Type == corev1.EventTypeWarning {
		kind = api.ActivityTypeWarning
	}
	return api.Activity{
		Id: "event/" + cmp.Or(string(e.UID), e.Namespace+"/"+e.Name), At: at.UTC(), Kind: api.ActivityKindEvent, Type: kind, Reason: e.Reason, Message: e.Message,
		Namespace: e.Namespace, App: app, Object: e.InvolvedObject.Kind + "/" + e.InvolvedObject.Name, Count: count,
	}
}

// owners are the applications by the names that their workloads have, in each namespace.
type owners struct {
	apps map[string]string // "namespace/name of a workload" to application
	made *regexp.Regexp
}

func workloads(apps []gather.Seen) owners {
	o := owners{
		apps: map[string]string{},
		// What controllers add to a name: hashes, which have no vowels, ordinals, and what a release is called by.
		made: regexp.MustCompile(`^(.+?)(-[bcdfghjklmnpqrstvwxz2456789]{5,10}){0,2}(-[0-9]+)?(-stable|-canary)?$`),
	}
	for _, seen := range apps {
		for _, c := range seen.App.Spec.Components {
			o.apps[seen.App.Namespace+"/"+c.Name] = seen.App.Name
		}
		for _, p := range seen.Pods {
			o.apps[seen.App.Namespace+"/"+p.Name] = seen.App.Name
		}
	}
	for _, seen := range apps {
		o.apps["Application "+seen.App.Namespace+"/"+seen.App.Name] = seen.App.Name
	}
	return o
}

// owner is the application that an object belongs to, told from its name: the object may be gone.
func (o owners) owner(object corev1.ObjectReference) (string, bool) {
	key := object.Namespace + "/" + object.Name
	if object.Kind == "Application" {
		app, ok := o.apps["Application "+key]
		return app, ok
	}
	if app, ok := o.apps[key]; ok {
		return app, true
	}
	if found := o.made.FindStringSubmatch(object.Name); found != nil {
		app, ok := o.apps[object.Namespace+"/"+found[1]]
		return app, ok
	}
	return "", false
}
