// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package manager

import (
	"context"
	"fmt"
	"sync"

	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// identity is who the process is to the API server; it is asked once.
type identity struct {
	config *rest.Config
	mu     sync.Mutex
	name   string
}

// user returns the user name that the API server authenticates the process as.
func (i *identity) user(ctx context.Context) (string, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.name != "" {
		return i.name, nil
	}
	client, err := kubernetes.NewForConfig(i.config)
	if err != nil {
		return "", fmt.Errorf("making a client: %w", err)
	}
	review, err := client.AuthenticationV1().SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("reviewing the own subject: %w", err)
	}
	i.name = review.Status.UserInfo.Username
	return i.name, nil
}
