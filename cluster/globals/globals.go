// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package globals is the one place where the process-wide state of the linked
// Kubernetes libraries is set: their logger, feature gates, versions and
// warning handler. Everything else is passed as values.
package globals

import (
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"

	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/apiserver/pkg/util/compatibility"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/vela-rollouts/vela/internal/edge"
)

// Gates of Kubernetes that differ from its defaults here.
func gates() map[string]bool {
	return map[string]bool{
		// Without leader election nothing has to wait for a lock of a former life.
		"CoordinatedLeaderElection": false,
	}
}

// Setup sends the logs of all linked libraries to w, through log, and fixes
// feature gates and versions. Call it once, before any component is made.
func Setup(logger *slog.Logger, w io.Writer) (*zap.Logger, error) {
	klog.SetSlogLogger(logger)
	ctrllog.SetLogger(logr.FromSlogHandler(logger.Handler()))
	log.SetOutput(edge.LogWithoutAnswers(w))
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	if err := utilfeature.DefaultMutableFeatureGate.SetFromMap(gates()); err != nil {
		return nil, fmt.Errorf("setting feature gates: %w", err)
	}
	if err := compatibility.DefaultComponentGlobalsRegistry.Set(); err != nil {
		return nil, fmt.Errorf("setting component versions: %w", err)
	}
	// The kubelet and client-go read it; a cluster of one process has no use for proxies.
	if err := os.Setenv("KUBE_CACHE_MUTATION_DETECTOR", "false"); err != nil {
		return nil, err
	}
	encoder := zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig())
	return zap.New(zapcore.NewCore(encoder, zapcore.AddSync(w), zapcore.WarnLevel)), nil
}

// ForgetFlags drops the flags that libraries register for every program they
// are linked into, so that they do not appear as ours.
func ForgetFlags() {
	pflag.CommandLine = pflag.NewFlagSet("", pflag.ContinueOnError)
	flag.CommandLine = flag.NewFlagSet("", flag.ContinueOnError)
}
