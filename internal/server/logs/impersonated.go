// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"context"
	"fmt"
	"io"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/vela-rollouts/vela/internal/server/access"
)

// Impersonated opens logs with the rights of the person, so that the API server decides.
func Impersonated(config *rest.Config) Open {
	return func(ctx context.Context, p access.Person, namespace, pod string, options *corev1.PodLogOptions) (io.ReadCloser, error) {
		clientset, err := kubernetes.NewForConfig(access.ConfigFor(config, p))
		if err != nil {
			return nil, fmt.Errorf("acting as %s: %w", p.User, err)
		}
		return clientset.CoreV1().Pods(namespace).GetLogs(pod, options).Stream(ctx)
	}
}
