// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package status

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/vela-rollouts/vela/api/core/v1beta1"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/shell"
	"github.com/vela-rollouts/vela/internal/view"
)

const local = "local"

// pods lists the pods of the application.
func (o *Options) pods(ctx context.Context, c *cluster.Cluster, app *v1beta1.Application) error {
	seen, err := gather(ctx, c, app, o.sh.Now())
	if err != nil {
		return err
	}
	var rows [][]string
	for _, p := range seen.Pods {
		component := p.Labels[v1beta1.LabelAppComponent]
		if o.Component != "" && component != o.Component {
			continue
		}
		rows = append(rows, []string{
			local, component, p.Name, p.Namespace, string(p.Status.Phase), p.CreationTimestamp.Local().Format(time.DateTime),
			cmp.Or(view.RevisionOf(seen, p), "-"), cmp.Or(p.Spec.NodeName, "-"),
		})
	}
	if len(rows) == 0 {
		return o.sh.Text.Error("status.no-pods", app.Name)
	}
	return output.WriteTable(o.sh.Out,
		[]string{"CLUSTER", "COMPONENT", "POD NAME", "NAMESPACE", "PHASE", "CREATE TIME", "REVISION", "HOST"}, rows)
}

// endpoints lists the addresses that the application answers at.
func (o *Options) endpoints(ctx context.Context, c *cluster.Cluster, app *v1beta1.Application) error {
	ingresses, err := cluster.List[networkingv1.Ingress](ctx, c, cluster.Ingresses(), app.Namespace,
		metav1.ListOptions{LabelSelector: v1beta1.LabelAppName + "=" + app.Name})
	if err != nil {
		return err
	}
	services, err := cluster.List[corev1.Service](ctx, c, cluster.Services(), app.Namespace,
		metav1.ListOptions{LabelSelector: v1beta1.LabelAppName + "=" + app.Name})
	if err != nil {
		return err
	}
	rows := append(ingressRows(ingresses), serviceRows(services)...)
	if o.Component != "" {
		rows = slices.DeleteFunc(rows, func(row []string) bool { return row[1] != o.Component })
	}
	if len(rows) == 0 {
		return o.sh.Text.Error("status.no-endpoints", app.Name+shell.Suffix(app.Namespace))
	}
	o.sh.Printf("Please access %s from the following endpoints:\n", app.Name)
	return output.WriteBox(o.sh.Out, []string{"Cluster", "Component", "Ref(Kind/Namespace/Name)", "Endpoint", "Inner"}, rows)
}

func ingressRows(all []networkingv1.Ingress) [][]string {
	var rows [][]string
	for _, in := range all {
		scheme := map[string]string{}
		for _, tls := range in.Spec.TLS {
			for _, host := range tls.Hosts {
				scheme[host] = "https"
			}
		}
		for _, rule := range in.Spec.Rules {
			if rule.HTTP == nil {
				continue
			}
			host := rule.Host
			if host == "" && len(in.Status.LoadBalancer.Ingress) > 0 {
				host = cmp.Or(in.Status.LoadBalancer.Ingress[0].IP, in.Status.LoadBalancer.Ingress[0].Hostname)
			}
			for _, path := range rule.HTTP.Paths {
				rows = append(rows, []string{
					local, in.Labels[v1beta1.LabelAppComponent], fmt.Sprintf("Ingress/%s/%s", in.Namespace, in.Name),
					fmt.Sprintf("%s://%s%s", cmp.Or(scheme[rule.Host], "http"), cmp.Or(host, "*"), strings.TrimSuffix(path.Path, "*")), "false",
				})
			}
		}
	}
	return rows
}

func serviceRows(all []corev1.Service) [][]string {
	var rows [][]string
	for _, s := range all {
		for _, port := range s.Spec.Ports {
			rows = append(rows, []string{
				local, s.Labels[v1beta1.LabelAppComponent], fmt.Sprintf("Service/%s/%s", s.Namespace, s.Name),
				fmt.Sprintf("%s.%s:%d", s.Name, s.Namespace, port.Port), "true",
			})
		}
	}
	return rows
}

// tree lists the objects of the application as its inventories have them.
func (o *Options) tree(ctx context.Context, c *cluster.Cluster, app *v1beta1.Application) error {
	trackers, err := cluster.List[v1beta1.ResourceTracker](ctx, c, cluster.Trackers(), "", metav1.ListOptions{
		LabelSelector: v1beta1.LabelAppName + "=" + app.Name + "," + v1beta1.LabelAppNamespace + "=" + app.Namespace,
	})
	if err != nil {
		return err
	}
	rows := treeRows(app, trackers)
	if len(rows) == 0 {
		return o.sh.Text.Error("status.no-resources", app.Name)
	}
	return output.WriteTable(o.sh.Out, []string{"CLUSTER", "NAMESPACE", "RESOURCE", "STATUS"}, connect(rows))
}

// treeRows are the objects by namespace and name: updated when the revision in force holds them, outdated when only an
// older inventory does.
func treeRows(app *v1beta1.Application, trackers []v1beta1.ResourceTracker) [][]string {
	current := ""
	if app.Status.LatestRevision != nil {
		current = app.Status.LatestRevision.Name
	}
	status := map[[2]string]string{}
	for _, t := range trackers {
		inForce := t.Spec.Type == v1beta1.TrackerRoot || t.Labels[v1beta1.LabelAppRevision] == current
		for _, m := range t.Spec.ManagedResources {
			key := [2]string{cmp.Or(m.Namespace, "-"), m.Kind + "/" + m.Name}
			switch {
			case inForce:
				status[key] = "updated"
			case status[key] == "":
				status[key] = "outdated"
			}
		}
	}
	rows := make([][]string, 0, len(status))
	for key, s := range status {
		rows = append(rows, []string{local, key[0], key[1], s})
	}
	slices.SortFunc(rows, slices.Compare)
	return rows
}

// connect draws the first two columns as a tree: cluster, its namespaces, their resources. All rows are of one cluster.
func connect(rows [][]string) [][]string {
	out := make([][]string, len(rows))
	for i, row := range rows {
		firstOfNamespace := i == 0 || rows[i-1][1] != row[1]
		moreOfNamespace := i+1 < len(rows) && rows[i+1][1] == row[1]
		moreNamespaces := rows[len(rows)-1][1] != row[1]
		out[i] = slices.Clone(row)
		out[i][0] = branch(row[0], i == 0, firstOfNamespace, moreNamespaces)
		out[i][1] = branch(row[1], firstOfNamespace, true, moreOfNamespace)
	}
	return out
}

// branch is a cell of the tree. first says that the name is shown here, leaf that something hangs on it in this row, more
// that something will in a later one.
func branch(name string, first, leaf, more bool) string {
	pad := strings.Repeat(" ", len(name)+1)
	switch {
	case first && more:
		return name + " ─┬─"
	case first:
		return name + " ───"
	case leaf && more:
		return pad + " ├─"
	case leaf:
		return pad + " └─"
	case more:
		return pad + " │"
	default:
		return ""
	}
}
