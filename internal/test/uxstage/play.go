// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package uxstage

import (
	"encoding/json"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/application"
	"github.com/vela-rollouts/vela/internal/workflow"
)

// Application is one webservice with an image, three replicas and a gateway, as a page would send it.
func Application(name, image string) v1beta1.ApplicationSpec {
	raw := func(v any) *runtime.RawExtension {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err) // maps of texts and numbers
		}
		return &runtime.RawExtension{Raw: text}
	}
	return v1beta1.ApplicationSpec{Components: []v1beta1.Component{{
		Name: name, Type: "webservice", Properties: raw(map[string]any{"image": image, "ports": []any{map[string]any{"port": 8090}}}),
		Traits: []v1beta1.Trait{
			{Type: "scaler", Properties: raw(map[string]any{"replicas": 3})},
			{Type: "gateway", Properties: raw(map[string]any{"domain": name + ".com", "http": map[string]any{"/version": 8090}})},
		},
	}}}
}

// Live is the application as it is stored.
func (s *Stage) Live(name string) *v1beta1.Application {
	s.T.Helper()
	app := &v1beta1.Application{}
	if err := s.Client.Get(s.T.Context(), client.ObjectKey{Namespace: "default", Name: name}, app); err != nil {
		s.T.Fatal(err)
	}
	return app
}

// Released plays the controller: the stored application becomes a revision, whose workflow ran to the step called until, or through
// when that is empty. It returns the revision.
func (s *Stage) Released(name, until string) *v1beta1.ApplicationRevision {
	s.T.Helper()
	app := s.Live(name)
	decision, err := application.Plan(application.Seen{App: app, Revisions: s.revisions(name)})
	if err != nil {
		s.T.Fatal(err)
	}
	rev := decision.Release.Revision
	spec, err := workflow.Generate(rev.Spec.Application.Spec, nil)
	if err != nil {
		s.T.Fatal(err)
	}
	now := metav1.NewTime(s.Clock.Now())
	run := &v1beta1.WorkflowStatus{
		AppRevision: application.RunName(rev), Mode: "StepByStep-DAG", Phase: v1beta1.WorkflowSucceeded, Finished: true, StartTime: &now, EndTime: &now,
	}
	app.Status.Phase = v1beta1.PhaseRunning
	for i, step := range spec.Steps {
		one := v1beta1.StepStatus{StepStatusBase: v1beta1.StepStatusBase{
			ID: rev.Name + "-" + string(rune('a'+i)), Name: step.Name, Type: step.Type, Phase: v1beta1.StepSucceeded, FirstExecuteTime: &now, LastExecuteTime: &now,
		}}
		if step.Name == until {
			one.Phase = v1beta1.StepSuspending
			run.Phase, run.Suspend, run.Finished, run.EndTime = v1beta1.WorkflowSuspending, true, false, nil
			app.Status.Phase = v1beta1.PhaseWorkflowSuspending
		}
		run.Steps = append(run.Steps, one)
		if step.Name == until {
			break
		}
	}
	rev.UID, rev.CreationTimestamp = types.UID("uid-"+rev.Name+"-"+run.AppRevision), now
	if decision.Release.Create {
		if err := s.Client.Create(s.T.Context(), rev); err != nil {
			s.T.Fatal(err)
		}
	}
	if run.Finished {
		rev.Status = v1beta1.ApplicationRevisionStatus{Succeeded: true, Workflow: run}
		if err := s.Client.Status().Update(s.T.Context(), rev); err != nil {
			s.T.Fatal(err)
		}
	}
	s.rollout(app, rev, until != "")
	app.Status.Workflow, app.Status.LatestRevision, app.Status.ObservedGeneration = run, application.NameOf(name, rev), app.Generation
	app.Status.Services = []v1beta1.ServiceStatus{{Name: name, Healthy: true, Message: "Ready:3/3"}}
	if err := s.Client.Status().Update(s.T.Context(), app); err != nil {
		s.T.Fatal(err)
	}
	s.Clock.Step(time.Minute)
	return rev
}

// rollout is there while the application is between two versions: one pod of three is of the new one, a third of the requests go there.
func (s *Stage) rollout(app *v1beta1.Application, rev *v1beta1.ApplicationRevision, under bool) {
	s.T.Helper()
	r := &rolloutsv1beta1.Rollout{ObjectMeta: metav1.ObjectMeta{Namespace: app.Namespace, Name: app.Name, Labels: map[string]string{v1beta1.LabelAppName: app.Name}}}
	if err := client.IgnoreNotFound(s.Client.Delete(s.T.Context(), r)); err != nil {
		s.T.Fatal(err)
	}
	if !under {
		return
	}
	traffic, third := "33%", int32(33)
	r.ResourceVersion, r.Spec.ReleaseID = "", rev.Name
	r.Spec.Strategy.Canary = &rolloutsv1beta1.CanaryStrategy{
		Steps:           []rolloutsv1beta1.Step{{Traffic: &traffic}},
		TrafficRoutings: []rolloutsv1beta1.TrafficRouting{{Service: app.Name, Ingress: &rolloutsv1beta1.IngressRouting{Name: app.Name}}},
	}
	if err := s.Client.Create(s.T.Context(), r); err != nil {
		s.T.Fatal(err)
	}
	r.Status.Phase, r.Status.ObservedGeneration = rolloutsv1beta1.PhaseProgressing, r.Generation
	r.Status.CanaryStatus = &rolloutsv1beta1.CanaryStatus{StableRevision: "old", PodTemplateHash: "new"}
	r.Status.CanaryStatus.CanaryReplicas, r.Status.CanaryStatus.CanaryReadyReplicas = 1, 1
	r.Status.CanaryStatus.StableReplicas, r.Status.CanaryStatus.StableReadyReplicas = 2, 2
	r.Status.CanaryStatus.DesiredWeight, r.Status.CanaryStatus.ServedWeight = &third, &third
	if err := s.Client.Status().Update(s.T.Context(), r); err != nil {
		s.T.Fatal(err)
	}
}

func (s *Stage) revisions(name string) []v1beta1.ApplicationRevision {
	s.T.Helper()
	list := &v1beta1.ApplicationRevisionList{}
	if err := s.Client.List(s.T.Context(), list, client.MatchingLabels{v1beta1.LabelAppName: name}); err != nil {
		s.T.Fatal(err)
	}
	return list.Items
}

// RolledBack plays the controller that carries out a rollback to a revision: newer ones go and are on record in the action.
func (s *Stage) RolledBack(action *v1alpha1.ReleaseAction, name, to string) {
	s.T.Helper()
	app := s.Live(name)
	now := metav1.NewTime(s.Clock.Now())
	for _, rev := range s.revisions(name) {
		switch n := application.RevisionNumber(name, rev.Name); {
		case rev.Name == to:
			app.Spec, app.Annotations = *rev.Spec.Application.Spec.DeepCopy(), rev.Annotations
			app.Status.Workflow, app.Status.LatestRevision, app.Status.Phase = rev.Status.Workflow, application.NameOf(name, &rev), v1beta1.PhaseRunning
		case n > application.RevisionNumber(name, to):
			rev.ManagedFields = nil
			rev.Status.Workflow = s.Live(name).Status.Workflow
			raw, err := json.Marshal(rev)
			if err != nil {
				s.T.Fatal(err)
			}
			action.Status.Left = append(action.Status.Left, runtime.RawExtension{Raw: raw})
			if err := s.Client.Delete(s.T.Context(), &rev); err != nil {
				s.T.Fatal(err)
			}
		}
	}
	s.rollout(app, nil, false)
	status := app.Status
	if err := s.Client.Update(s.T.Context(), app); err != nil {
		s.T.Fatal(err)
	}
	app.Status = status
	if err := s.Client.Status().Update(s.T.Context(), app); err != nil {
		s.T.Fatal(err)
	}
	action.Status.Phase, action.Status.Target, action.Status.FinishedAt = v1alpha1.ActionSucceeded, to, &now
}

// Answers plays the controller towards ReleaseActions: answer fills in the status of each, once.
func (s *Stage) Answers(answer func(*v1alpha1.ReleaseAction)) {
	s.T.Helper()
	changes, err := s.Client.Watch(s.T.Context(), &v1alpha1.ReleaseActionList{})
	if err != nil {
		s.T.Fatal(err)
	}
	s.T.Cleanup(changes.Stop)
	go func() {
		for event := range changes.ResultChan() {
			action, ok := event.Object.(*v1alpha1.ReleaseAction)
			if !ok || event.Type != watch.Added {
				continue
			}
			answer(action)
			if s.T.Context().Err() != nil {
				return
			}
			if err := s.Client.Status().Update(s.T.Context(), action); err != nil {
				s.T.Errorf("answering %s: %v", action.Name, err)
			}
		}
	}()
}
