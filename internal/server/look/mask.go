// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package look

import (
	"fmt"
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/vela-rollouts/vela/internal/server/problem"
)

// masked stands for a value that is not shown.
const masked = "******"

// podYAML is a pod as text, without who wrote which field, and without values that look secret.
func podYAML(pod *corev1.Pod) (string, error) {
	shown := pod.DeepCopy()
	shown.ManagedFields = nil
	shown.APIVersion, shown.Kind = "v1", "Pod"
	delete(shown.Annotations, corev1.LastAppliedConfigAnnotation)
	for _, containers := range [][]corev1.Container{shown.Spec.InitContainers, shown.Spec.Containers} {
		for i := range containers {
			mask(&containers[i])
		}
	}
	raw, err := yaml.Marshal(shown)
	if err != nil {
		return "", fmt.Errorf("writing pod %s/%s: %w", pod.Namespace, pod.Name, err)
	}
	return string(raw), nil
}

func mask(c *corev1.Container) {
	secret := regexp.MustCompile(`(?i)(passw|secret|token|api_?key|access_?key|private_?key|credential|auth|dsn|connection_?string)`)
	withPassword := regexp.MustCompile(`://[^/\s:@]+:[^/\s@]+@`)
	for i := range c.Env {
		e := &c.Env[i]
		if e.Value != "" && (secret.MatchString(e.Name) || withPassword.MatchString(e.Value)) {
			e.Value = masked
		}
	}
	for _, words := range [][]string{c.Command, c.Args} {
		for i, word := range words {
			flag, _, assigned := strings.Cut(word, "=")
			switch {
			case assigned && secret.MatchString(flag):
				words[i] = flag + "=" + masked
			case i > 0 && strings.HasPrefix(words[i-1], "-") && !strings.Contains(words[i-1], "=") && secret.MatchString(words[i-1]):
				words[i] = masked
			case withPassword.MatchString(word):
				words[i] = withPassword.ReplaceAllString(word, "://"+masked+"@")
			}
		}
	}
}

func noPod(app, name string) error {
	return problem.NotFound("pod", name).With("application", app)
}
