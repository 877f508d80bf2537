// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"

	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

// explain makes of an error the sentence that a person reads: what is the matter, and the way out of it.
func explain(ctx context.Context, err error, sh *shell.Shell) error {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		return explainStatus(ctx, err, status.Status(), sh)
	}
	var transport *url.Error
	if !errors.As(err, &transport) {
		return err
	}
	c, opening := sh.Cluster(ctx)
	if opening != nil || c == nil {
		return err
	}
	return unreachable(transport, c, sh)
}

// unreachable tells a server that is not there from one that is not trusted.
func unreachable(err *url.Error, c *cluster.Cluster, sh *shell.Shell) error {
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	if errors.As(err, &authority) || errors.As(err, &host) || errors.As(err, &invalid) {
		return sh.Text.Error("cluster.not-trusted", c.Server, c.Source, err.Err)
	}
	var dialing *net.OpError
	if errors.As(err, &dialing) || utilnet.IsTimeout(err) || utilnet.IsConnectionRefused(err) || utilnet.IsProbableEOF(err) {
		return sh.Text.Error("cluster.unreachable", c.Server, c.Source, err.Err)
	}
	return err
}

func explainStatus(ctx context.Context, err error, s metav1.Status, sh *shell.Shell) error {
	message := plainMessage(err.Error())
	switch s.Reason { //nolint:exhaustive // the others speak for themselves
	case metav1.StatusReasonNotFound:
		if s.Details != nil && s.Details.Name != "" && s.Details.Kind == "applications" {
			return sh.Text.Error("no-application", namespaceOf(ctx, sh), s.Details.Name)
		}
		if strings.Contains(message, "could not find the requested resource") {
			return sh.Text.Error("cluster.no-vela", serverOf(ctx, sh))
		}
	case metav1.StatusReasonUnauthorized:
		return sh.Text.Error("cluster.unauthorized", serverOf(ctx, sh))
	case metav1.StatusReasonForbidden:
		if s.Details != nil && s.Details.Kind != "" && strings.Contains(message, "cannot ") {
			return sh.Text.Error("cluster.forbidden", message[strings.Index(message, "cannot "):])
		}
	case metav1.StatusReasonConflict:
		return sh.Text.Error("cluster.conflict", message)
	}
	return errors.New(message)
}

// plainMessage leaves the machinery out of what the API server says, such as which webhook refused.
func plainMessage(message string) string {
	message = regexp.MustCompile(`admission webhook "[^"]*" denied the request: `).ReplaceAllString(message, "")
	message = strings.TrimPrefix(message, "failed to create typed patch object ")
	return strings.TrimSpace(message)
}

// oneLine puts what is said in several lines, such as faults that were joined, one after the other.
func oneLine(message string) string {
	var out strings.Builder
	for line := range strings.Lines(strings.TrimSpace(message)) {
		switch before := out.String(); {
		case strings.TrimSpace(line) == "":
			continue
		case strings.HasSuffix(before, ":"), strings.HasSuffix(before, "："):
			out.WriteString(" ")
		case before != "":
			out.WriteString("; ")
		}
		out.WriteString(strings.TrimSpace(line))
	}
	return out.String()
}

func namespaceOf(ctx context.Context, sh *shell.Shell) string {
	c, err := sh.Cluster(ctx)
	if err != nil {
		return sh.Namespace(nil)
	}
	return sh.Namespace(c)
}

func serverOf(ctx context.Context, sh *shell.Shell) string {
	c, err := sh.Cluster(ctx)
	if err != nil {
		return ""
	}
	return c.Server
}
