// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package del

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/util/retry"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/flag"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

const waitFor = 5 * time.Minute

const examples = `  vela delete canary-demo
  vela delete shop cart -y
  vela delete canary-demo --orphan   # leaves the Deployment, Service and Ingress`

// Options are the flags of `vela delete`.
type Options struct {
	Names   []string
	All     bool
	Orphan  bool
	Wait    bool
	Yes     bool
	Timeout time.Duration

	sh *shell.Shell
}

// NewCommand is `vela delete`.
func NewCommand(sh *shell.Shell) *cobra.Command {
	o := &Options{sh: sh}
	cmd := sh.Command("delete APP...", "delete", examples)
	cmd.Flags().BoolVar(&o.All, "all", false, sh.Text.Of("delete.flag.all"))
	cmd.Flags().BoolVarP(&o.Orphan, "orphan", "o", false, sh.Text.Of("delete.flag.orphan"))
	flag.Wait(cmd, sh.Text, &o.Wait, true)
	flag.Yes(cmd, sh.Text, &o.Yes)
	flag.Timeout(cmd, sh.Text, &o.Timeout, waitFor)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if o.Names = args; len(args) == 0 && !o.All {
			return sh.Usage("usage.no-application")
		}
		if len(args) > 0 && o.All {
			return sh.Usage("delete.all-and-names")
		}
		return o.run(cmd.Context())
	}
	return cmd
}

func (o *Options) run(ctx context.Context) error {
	c, err := o.sh.Cluster(ctx)
	if err != nil {
		return err
	}
	namespace := o.sh.Namespace(c)
	if o.All {
		apps, err := cluster.List[v1beta1.Application](ctx, c, cluster.Applications(), namespace, metav1.ListOptions{})
		if err != nil {
			return err
		}
		for _, app := range apps {
			o.Names = append(o.Names, app.Name)
		}
	}
	// All must be there before any is touched.
	for _, name := range o.Names {
		if _, err := cluster.Get[v1beta1.Application](ctx, c, cluster.Applications(), namespace, name); err != nil {
			return err
		}
	}
	answers := bufio.NewReader(o.sh.In)
	for _, name := range o.Names {
		if err := o.confirm(answers, namespace+"/"+name); err != nil {
			return err
		}
		if err := o.delete(ctx, c, namespace, name); err != nil {
			return err
		}
	}
	return nil
}

// confirm asks, unless -y was given. No answer is no.
func (o *Options) confirm(answers *bufio.Reader, what string) error {
	if o.Yes {
		return nil
	}
	fmt.Fprintf(o.sh.Err, "Are you sure to delete the application %s (y/n) ", what)
	answer, err := answers.ReadString('\n')
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer == "y" || answer == "yes" {
		return nil
	}
	if err != nil && answer == "" {
		o.sh.Say("")
		return exit.With(exit.Usage, o.sh.Text.Error("delete.no-answer", what))
	}
	return exit.With(exit.Refused, o.sh.Text.Error("delete.no", what))
}

func (o *Options) delete(ctx context.Context, c *cluster.Cluster, namespace, name string) error {
	applications := c.Dynamic.Resource(cluster.Applications()).Namespace(namespace)
	o.sh.Printf("Start deleting application %s/%s\n", namespace, name)
	if o.Orphan {
		err := retry.RetryOnConflict(retry.DefaultBackoff, func() error {
			live, err := applications.Get(ctx, name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			live.SetFinalizers(append(live.GetFinalizers(), v1beta1.FinalizerOrphan))
			_, err = applications.Update(ctx, live, metav1.UpdateOptions{FieldManager: cluster.Manager})
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := applications.Delete(ctx, name, metav1.DeleteOptions{}); err != nil && !apierrors.IsNotFound(err) {
		return err
	}
	if o.Wait {
		if err := o.gone(ctx, c, namespace, name); err != nil {
			return err
		}
	}
	o.sh.Printf("Delete application %s/%s succeeded\n", namespace, name)
	return nil
}

func (o *Options) gone(ctx context.Context, c *cluster.Cluster, namespace, name string) error {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	last := ""
	err := cluster.Until(ctx, c, cluster.Applications(), namespace, name, func(app *v1beta1.Application) (bool, error) {
		if app != nil && len(app.Status.Conditions) > 0 {
			last = app.Status.Conditions[len(app.Status.Conditions)-1].Message
		}
		return app == nil, nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return exit.With(exit.TimedOut, o.sh.Text.Error("delete.timeout", namespace+"/"+name, o.Timeout, last))
	}
	return err
}
