// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
)

// application is an Application of one component named subject, as its author writes it.
type application struct {
	name     string // subject where it is empty; of the component too
	version  string // of the image
	publish  string // publishVersion
	replicas int
	weights  []int  // each but the last is followed by a gate; none is no workflow
	probe    string // readinessProbe as YAML in one line
	path     string // of the gateway, / where it is empty
	more     string // components beside it, as YAML
}

func (a application) yaml(host string) string {
	if a.name == "" {
		a.name = subject
	}
	if a.path == "" {
		a.path = "/"
	}
	if a.probe == "" {
		a.probe = "{httpGet: {path: /healthz, port: 8090}, periodSeconds: 1}"
	}
	var b strings.Builder
	fmt.Fprintf(&b, `apiVersion: core.oam.dev/v1beta1
kind: Application
metadata:
  name: %[1]s
  annotations: {app.oam.dev/publishVersion: %[2]s}
spec:
  components:
    - name: %[1]s
      type: webservice
      properties: {image: "%[3]s", imagePullPolicy: Never, ports: [{port: 8090}], readinessProbe: %[4]s}
      traits:
        - {type: scaler, properties: {replicas: %[5]d}}
        - {type: gateway, properties: {domain: %[6]s, http: {"%[7]s": 8090}, pathType: Prefix}}
`, a.name, a.publish, image(a.version), a.probe, a.replicas, host, a.path)
	b.WriteString(a.more)
	if len(a.weights) == 0 {
		return b.String()
	}
	b.WriteString("  workflow:\n    steps:\n")
	for i, w := range a.weights {
		fmt.Fprintf(&b, "      - {type: canary-deploy, name: rollout-%[1]d, properties: {weight: %[1]d}}\n", w)
		if i+1 < len(a.weights) {
			fmt.Fprintf(&b, "      - {type: suspend, name: gate-%d}\n", w)
		}
	}
	return b.String()
}

// up deploys an Application as its author does, and returns when that was asked for.
func (s *story) up(a application) time.Time {
	s.Helper()
	asked := time.Now()
	s.again(func() error {
		asked = time.Now()
		_, err := s.vela(a.yaml(s.host()), "up", "-f", "-")
		return err
	})
	return asked
}

// running waits until an Application runs a version and all of it is healthy.
func (s *story) running(name, publish string) {
	s.Helper()
	s.until(fmt.Sprintf("%s runs %s", name, publish), func() (bool, string) {
		a := &v1beta1.Application{}
		s.get(a, name)
		return a.Status.Phase == v1beta1.PhaseRunning && a.Status.Workflow != nil && a.Status.Workflow.AppRevision == publish, said(a)
	})
}

// suspended waits until a release waits at the gate after a weight.
func (s *story) suspended(name, publish string, weight int) {
	s.Helper()
	s.until(fmt.Sprintf("%s %s is suspended at %d %%", name, publish, weight), func() (bool, string) {
		a := &v1beta1.Application{}
		s.get(a, name)
		return suspendedAt(a, publish, weight), said(a)
	})
}

func suspendedAt(a *v1beta1.Application, publish string, weight int) bool {
	w := a.Status.Workflow
	if a.Status.Phase != v1beta1.PhaseWorkflowSuspending || w == nil || w.AppRevision != publish || len(w.Steps) == 0 {
		return false
	}
	last := w.Steps[len(w.Steps)-1]
	return last.Name == fmt.Sprintf("gate-%d", weight) && last.Phase == v1beta1.StepSuspending
}

// stepRuns waits until a step of a release has begun.
func (s *story) stepRuns(publish, step string) {
	s.Helper()
	s.until(step+" runs", func() (bool, string) {
		a := &v1beta1.Application{}
		s.get(a, subject)
		if w := a.Status.Workflow; w != nil && w.AppRevision == publish {
			for _, st := range w.Steps {
				if st.Name == step {
					return true, ""
				}
			}
		}
		return false, said(a)
	})
}

func said(a *v1beta1.Application) string {
	text := fmt.Sprintf("it is %s", a.Status.Phase)
	if w := a.Status.Workflow; w != nil {
		text += fmt.Sprintf(" with %s:", w.AppRevision)
		for _, st := range w.Steps {
			text += fmt.Sprintf(" %s %s (%s)", st.Name, st.Phase, st.Message)
		}
	}
	return text
}

// ask runs `vela workflow ACTION` and returns when it was begun.
func (s *story) ask(action string) time.Time { s.Helper(); return s.askOf(subject, action) }

func (s *story) askOf(name, action string) time.Time {
	s.Helper()
	asked := time.Now()
	s.again(func() error {
		asked = time.Now()
		_, err := s.vela("", "workflow", action, name)
		return err
	})
	return asked
}

// gone waits until the Application's Rollout and helpers of a release are no more.
func (s *story) gone(name string) {
	s.Helper()
	s.until("no helper is left", func() (bool, string) {
		left := s.helpers(name)
		return len(left) == 0, fmt.Sprint(left)
	})
}
