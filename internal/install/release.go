// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package install

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"helm.sh/helm/v4/pkg/action"
	helmchart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/kube"
	"helm.sh/helm/v4/pkg/storage/driver"
	"k8s.io/client-go/rest"
)

// Name of the release, and the namespace it is in unless another one is asked for.
const (
	Name      = "vela"
	Namespace = "vela-system"
)

// Release is vela as it is installed in a namespace of a cluster.
type Release struct {
	config    *action.Configuration
	namespace string
}

// Options of an installation.
type Options struct {
	// Values are those of the chart's that differ from its own.
	Values map[string]any
	// Patience is how long is waited for everything to be ready; zero: not at all.
	Patience time.Duration
}

// Open looks at a namespace of the cluster that config leads to. Nothing is asked of it yet.
func Open(config *rest.Config, namespace string, log *slog.Logger) (*Release, error) {
	c := action.NewConfiguration()
	c.SetLogger(log.Handler())
	if err := c.Init(newGetter(config, namespace), namespace, "secret"); err != nil {
		return nil, fmt.Errorf("preparing the installation: %w", err)
	}
	return &Release{config: c, namespace: namespace}, nil
}

// Installed says whether there is a release, whatever became of it.
func (r *Release) Installed() (bool, error) {
	_, err := action.NewHistory(r.config).Run(Name)
	if errors.Is(err, driver.ErrReleaseNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("looking for an installation in namespace %s: %w", r.namespace, err)
	}
	return true, nil
}

// Install installs the chart.
func (r *Release) Install(ctx context.Context, made *helmchart.Chart, o Options) error {
	i := action.NewInstall(r.config)
	i.ReleaseName, i.Namespace, i.CreateNamespace, i.HideNotes = Name, r.namespace, true, true
	i.WaitStrategy, i.Timeout = waiting(o)
	if _, err := i.RunWithContext(ctx, made, o.Values); err != nil {
		return fmt.Errorf("installing vela in namespace %s: %w", r.namespace, err)
	}
	return nil
}

// Upgrade puts the chart in the place of what is installed. Values that were given before stay unless they are given anew.
func (r *Release) Upgrade(ctx context.Context, made *helmchart.Chart, o Options) error {
	u := action.NewUpgrade(r.config)
	u.Namespace, u.HideNotes, u.ResetThenReuseValues, u.MaxHistory = r.namespace, true, true, 10
	u.WaitStrategy, u.Timeout = waiting(o)
	if _, err := u.RunWithContext(ctx, Name, made, o.Values); err != nil {
		return fmt.Errorf("upgrading vela in namespace %s: %w", r.namespace, err)
	}
	return nil
}

// Uninstall takes everything of the release away but the CustomResourceDefinitions, and so no Application and no workload.
func (r *Release) Uninstall(o Options) error {
	u := action.NewUninstall(r.config)
	u.WaitStrategy, u.Timeout = waiting(o)
	if _, err := u.Run(Name); err != nil {
		return fmt.Errorf("uninstalling vela from namespace %s: %w", r.namespace, err)
	}
	return nil
}

func waiting(o Options) (kube.WaitStrategy, time.Duration) {
	if o.Patience == 0 {
		return kube.HookOnlyStrategy, time.Minute
	}
	return kube.StatusWatcherStrategy, o.Patience
}
