// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package system

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/listing"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/shell"
)

const patience = 5 * time.Second

// fact is one line.
type fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Fine is false for what does not answer.
	Fine bool `json:"fine"`
}

// NewCommand is `vela system`.
func NewCommand(sh *shell.Shell) *cobra.Command {
	verb := listing.Verb{Use: "system", Key: "system", Examples: "  vela system\n  vela system -o json"}
	return listing.Command(sh, verb, func(ctx context.Context, asked listing.Asked) error {
		facts, err := ask(ctx, asked.Cluster)
		if err != nil {
			return err
		}
		if asked.Format.Structured() {
			return output.Write(sh.Out, asked.Format, facts)
		}
		rows := make([][]string, 0, len(facts))
		for _, one := range facts {
			mark := "✅ "
			if !one.Fine {
				mark = "❌ "
			}
			rows = append(rows, []string{one.Name, mark + one.Value})
		}
		return output.WriteTable(sh.Out, []string{"PART", "STATE"}, rows)
	})
}

func ask(ctx context.Context, c *cluster.Cluster) ([]fact, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	kubernetes, err := c.Version(ctx)
	if err != nil {
		return nil, err
	}
	facts := []fact{
		{"cluster", c.Server, true},
		{"found by", c.Source.String(), true},
		{"context", c.Context, true},
		{"namespace", c.Namespace, true},
		{"kubernetes", kubernetes, true},
	}
	for _, kind := range []schema.GroupVersionResource{cluster.Applications(), cluster.Rollouts(), cluster.Actions()} {
		_, err := c.Dynamic.Resource(kind).List(ctx, metav1.ListOptions{Limit: 1})
		facts = append(facts, answer(kind.Resource+"."+kind.Group, kind.Version, err))
	}
	plan, err := c.Plan(ctx, "")
	facts = append(facts, answer("edge", fmt.Sprintf("%s, revision %d, %s", plan.Replica, plan.Revision, ingresses(len(plan.Ingresses))), err))
	if v := c.Source.Velad; v != nil {
		facts = append(facts, fact{"velad", fmt.Sprintf("pid %d, data in %s, gateway on port %d", v.PID, v.DataDir, v.HTTPPort), true})
	}
	return facts, nil
}

func ingresses(n int) string {
	if n == 1 {
		return "1 ingress"
	}
	return fmt.Sprintf("%d ingresses", n)
}

func answer(name, value string, err error) fact {
	if err != nil {
		return fact{name, err.Error(), false}
	}
	return fact{name, value, true}
}
