// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"fmt"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/vela-rollouts/vela/internal/server/access"
)

// Impersonated runs commands with the rights of the person, so that the API server decides. It speaks WebSocket, and SPDY to servers
// that do not know it yet.
func Impersonated(config *rest.Config) Run {
	return func(ctx context.Context, p access.Person, target Target, terminal Terminal) error {
		as := access.ConfigFor(config, p)
		clientset, err := kubernetes.NewForConfig(as)
		if err != nil {
			return fmt.Errorf("acting as %s: %w", p.User, err)
		}
		address := clientset.CoreV1().RESTClient().Post().Resource("pods").Namespace(target.Namespace).Name(target.Pod).SubResource("exec").
			VersionedParams(&corev1.PodExecOptions{Container: target.Container, Command: target.Command, Stdin: true, Stdout: true, TTY: true}, scheme.ParameterCodec).URL()
		spdy, err := remotecommand.NewSPDYExecutor(as, http.MethodPost, address)
		if err != nil {
			return err
		}
		websocket, err := remotecommand.NewWebSocketExecutor(as, http.MethodGet, address.String())
		if err != nil {
			return err
		}
		executor, err := remotecommand.NewFallbackExecutor(websocket, spdy, func(err error) bool {
			return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
		})
		if err != nil {
			return err
		}
		return executor.StreamWithContext(ctx, remotecommand.StreamOptions{
			Stdin: terminal.In, Stdout: terminal.Out, Tty: true, TerminalSizeQueue: queue(terminal.Sizes),
		})
	}
}

// queue hands on the sizes of a terminal.
type queue <-chan Size

// Next waits for the next size; nil: the browser is gone.
func (q queue) Next() *remotecommand.TerminalSize {
	size, open := <-q
	if !open {
		return nil
	}
	return &remotecommand.TerminalSize{Width: size.Columns, Height: size.Rows}
}
