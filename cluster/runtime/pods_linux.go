// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package runtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// graceSeconds is how long a container may take to end when the cluster stops.
const graceSeconds = 3

// endPods stops and removes every pod sandbox, with its containers, network
// namespace and address. The next start makes them anew from the API objects.
func endPods(ctx context.Context, runDir string) error {
	if _, err := os.Stat(Socket(runDir)); err != nil {
		return nil // it never started
	}
	conn, err := grpc.NewClient("unix://"+Socket(runDir), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("connecting to containerd: %w", err)
	}
	defer func() { _ = conn.Close() }()
	client := cri.NewRuntimeServiceClient(conn)
	containers, err := client.ListContainers(ctx, &cri.ListContainersRequest{Filter: &cri.ContainerFilter{
		State: &cri.ContainerStateValue{State: cri.ContainerState_CONTAINER_RUNNING},
	}})
	if err != nil {
		return fmt.Errorf("listing containers: %w", err)
	}
	err = each(containers.Containers, func(c *cri.Container) error {
		_, err := client.StopContainer(ctx, &cri.StopContainerRequest{ContainerId: c.Id, Timeout: graceSeconds})
		return err
	})
	if err != nil {
		return fmt.Errorf("stopping containers: %w", err)
	}
	pods, err := client.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
	if err != nil {
		return fmt.Errorf("listing pods: %w", err)
	}
	err = each(pods.Items, func(p *cri.PodSandbox) error {
		if _, err := client.StopPodSandbox(ctx, &cri.StopPodSandboxRequest{PodSandboxId: p.Id}); err != nil {
			return err
		}
		_, err := client.RemovePodSandbox(ctx, &cri.RemovePodSandboxRequest{PodSandboxId: p.Id})
		return err
	})
	if err != nil {
		return fmt.Errorf("removing pods: %w", err)
	}
	return nil
}

func each[T any](items []T, do func(T) error) error {
	errs := make([]error, len(items))
	var wg sync.WaitGroup
	for i, item := range items {
		wg.Go(func() { errs[i] = do(item) })
	}
	wg.Wait()
	return errors.Join(errs...)
}
