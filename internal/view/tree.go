// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package view

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	corev1beta1 "github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/api/release/v1alpha1"
	rolloutsv1beta1 "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
	"github.com/vela-rollouts/vela/internal/edge/plan"
)

// Seen is what a tree is made of. All but App may be missing.
type Seen struct {
	App *corev1beta1.Application
	// Revisions of the application, in any order.
	Revisions []corev1beta1.ApplicationRevision
	// Rollouts and Pods of the application.
	Rollouts []rolloutsv1beta1.Rollout
	Pods     []corev1.Pod
	// Actions that were asked of the application, in any order.
	Actions []v1alpha1.ReleaseAction
	// Canaries are the canary Ingresses of releases in its namespace; without them each is taken to have its usual name.
	Canaries []networkingv1.Ingress
	// Plans are what replicas of the edge serve; empty when none answered.
	Plans []plan.Plan
	// Now tells a pod that is late from one that is starting; zero: no pod is late.
	Now time.Time
}

// Tree is an application as people look at it.
type Tree struct {
	About About `json:"about"`
	// State is how it is, in one word and what belongs to it.
	State    Status    `json:"state"`
	Workflow *Workflow `json:"workflow,omitempty"`
	Services []Service `json:"services,omitempty"`
	// Releases holds one entry for each component that is being released, in the order of the components.
	Releases []Release `json:"releases,omitempty"`
	// Notice is a sentence that must not be overlooked, such as a change that is not published.
	Notice string `json:"notice,omitempty"`
	// Trouble is why the application is not getting on, in the controller's words.
	Trouble string `json:"trouble,omitempty"`
	// Next are the commands that make sense now, the likeliest first.
	Next []Command `json:"next,omitempty"`
}

// About names the application.
type About struct {
	Name      string    `json:"name"`
	Namespace string    `json:"namespace"`
	CreatedAt time.Time `json:"createdAt"`
	// Phase is the application's phase, or "deleting".
	Phase          string `json:"phase"`
	PublishVersion string `json:"publishVersion,omitempty"`
	Revision       string `json:"revision,omitempty"`
}

// Workflow is the run for the revision in force.
type Workflow struct {
	Mode       string `json:"mode"`
	Finished   bool   `json:"finished"`
	Suspended  bool   `json:"suspended"`
	Terminated bool   `json:"terminated"`
	Message    string `json:"message,omitempty"`
	// Steps that were reached, in order.
	Steps []Step `json:"steps,omitempty"`
}

// Step is a step that was reached.
type Step struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Phase   string `json:"phase"`
	Message string `json:"message,omitempty"`
	// By is who resumed, terminated or approved it.
	By string `json:"by,omitempty"`
	// ResumeAt is when a suspended step goes on by itself.
	ResumeAt *time.Time `json:"resumeAt,omitempty"`
	SubSteps []Step     `json:"subSteps,omitempty"`
}

// Service is the health of one component.
type Service struct {
	Name      string  `json:"name"`
	Env       string  `json:"env,omitempty"`
	Cluster   string  `json:"cluster"`
	Namespace string  `json:"namespace,omitempty"`
	Type      string  `json:"type"`
	Healthy   bool    `json:"healthy"`
	Message   string  `json:"message,omitempty"`
	Traits    []Trait `json:"traits,omitempty"`
	// Problems are why pods do not start, one sentence for each kind of trouble; those of a component on its way between
	// two versions stand with its Release.
	Problems []string `json:"problems,omitempty"`
}

// Trait is the health of one trait.
type Trait struct {
	Type    string `json:"type"`
	Healthy bool   `json:"healthy"`
	Message string `json:"message,omitempty"`
}

// Release is one component on its way from one version to another.
type Release struct {
	Component string `json:"component"`
	// From is the revision that a rollback goes to, To the one being released; From is empty before the first success.
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
	// Step is the canary step that the release is in, the Index-th of Steps; empty when there is none.
	Step  string `json:"step,omitempty"`
	Index int    `json:"index,omitempty"`
	Steps int    `json:"steps,omitempty"`
	// New and Old are the pods of the two versions.
	New Version `json:"new"`
	Old Version `json:"old"`
	// Routed says that requests are shared by weight; without a gateway they are not.
	Routed bool `json:"routed"`
	// Asked is the share of requests asked for the new version, Served the one that every router acknowledged, in
	// percent; nil is unknown.
	Asked  *int32 `json:"asked,omitempty"`
	Served *int32 `json:"served,omitempty"`
	// Measured is the share that was counted at the edge; nil is unknown.
	Measured *Share `json:"measured,omitempty"`
	// Message is the Rollout's sentence.
	Message string `json:"message,omitempty"`
}

// Version is the pods of one version of a component.
type Version struct {
	// Hash is how the pods of the version are labelled (VersionOf); empty while it is not known.
	Hash  string `json:"-"`
	Image string `json:"image,omitempty"`
	// Pods counts those that exist, Ready those of them that are ready.
	Pods  int32 `json:"pods"`
	Ready int32 `json:"ready"`
	// Problems are why pods are not ready, one sentence for each kind of trouble.
	Problems []string `json:"problems,omitempty"`
}

// Share is what the edge counted since the weight was set.
type Share struct {
	// New of All requests went to the new version.
	New   uint64    `json:"new"`
	All   uint64    `json:"all"`
	Since time.Time `json:"since"`
}

// Percent is the measured share; it means nothing while All is 0.
func (s Share) Percent() float64 {
	if s.All == 0 {
		return 0
	}
	return 100 * float64(s.New) / float64(s.All)
}

// The reasons for a Command.
const (
	WhyResume   = "resume"
	WhyRollback = "rollback"
	WhyWatch    = "watch"
	WhyLogs     = "logs"
	WhyRestart  = "restart"
	WhyPublish  = "publish"
	WhyFix      = "fix"
	WhyRevision = "revision"
)

// Command is a line to type.
type Command struct {
	Line string `json:"line"`
	// Why is one of the constants above.
	Why string `json:"why"`
	// Target is what it leads to: a step (resume) or a revision (rollback); may be empty.
	Target string `json:"target,omitempty"`
	// Weight is the share that Target asks for, in percent; nil when it is not a canary step.
	Weight *int32 `json:"weight,omitempty"`
}
