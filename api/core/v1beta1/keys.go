// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package v1beta1

// Annotations with behaviour on Applications and on what is rendered from them.
const (
	// AnnotationPublishVersion names the version a user publishes; the workflow runs again only when it changes.
	AnnotationPublishVersion = "app.oam.dev/publishVersion"
	// AnnotationAutoUpdate asks to resolve definitions anew on each pass; it excludes AnnotationPublishVersion.
	AnnotationAutoUpdate = "app.oam.dev/autoUpdate"
	// AnnotationDisableHealthCheck makes a webservice healthy whatever its pods say.
	AnnotationDisableHealthCheck = "app.oam.dev/disable-health-check"
	// AnnotationWorkflowName names the saved workflow whose steps an Application was deployed with.
	AnnotationWorkflowName = "app.oam.dev/workflowName"
	// AnnotationAlias and AnnotationDescription are for people to read.
	AnnotationAlias       = "app.oam.dev/alias"
	AnnotationDescription = "app.oam.dev/description"
	// AnnotationNote is what a person said about the version that they published.
	AnnotationNote = "release.oam.dev/note"
	// AnnotationPublishedBy is who published the version that AnnotationPublishVersion names; admission writes it over whatever
	// the client sent.
	AnnotationPublishedBy = "release.oam.dev/published-by"
	// AnnotationHeldFields lists the fields (comma separated paths such as spec.rules) that a release holds on an
	// object; the application controller leaves them out of what it applies while the annotation is there.
	AnnotationHeldFields = "release.oam.dev/held-fields"
	// AnnotationPausedWithRun on a Rollout says that it was paused because the run of its Application stands still; it goes on
	// with the run.
	AnnotationPausedWithRun = "release.oam.dev/paused-with-run"
	// AnnotationSpecHash on a rendered object is the hash of what was applied last; equal means nothing to apply.
	AnnotationSpecHash = "release.oam.dev/applied-hash"
	// AnnotationCopyOf on a ConfigMap or Secret names the one that it is a copy of, made for the pods of one version.
	AnnotationCopyOf = "release.oam.dev/copy-of"
	// LabelPause stops the reconciliation of an Application while it is "true".
	LabelPause = "controller.core.oam.dev/pause"
)

// Labels stamped on every rendered object.
const (
	LabelAppName       = "app.oam.dev/name"
	LabelAppNamespace  = "app.oam.dev/namespace"
	LabelAppComponent  = "app.oam.dev/component"
	LabelAppRevision   = "app.oam.dev/appRevision"
	LabelRevisionHash  = "app.oam.dev/app-revision-hash"
	LabelResourceType  = "app.oam.dev/resourceType"
	LabelWorkloadType  = "workload.oam.dev/type"
	LabelTraitType     = "trait.oam.dev/type"
	LabelTraitResource = "trait.oam.dev/resource"
)

// Values of LabelResourceType.
const (
	ResourceTypeWorkload = "WORKLOAD"
	ResourceTypeTrait    = "TRAIT"
)

// StepTypeCanaryDeploy is the type of the workflow steps that carry a weight and release by a Rollout.
const StepTypeCanaryDeploy = "canary-deploy"

// FieldManagerWeb is what the web UI writes Applications as, in the name of a person.
const FieldManagerWeb = "velaux"

// FinalizerResources keeps an Application until everything it made is gone.
const FinalizerResources = "app.oam.dev/resource-tracker-finalizer"

// FinalizerOrphan on an Application leaves its resources in place when it is deleted.
const FinalizerOrphan = "app.oam.dev/orphan-resource"
