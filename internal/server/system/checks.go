// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

// Package system tells how the installation is: versions, and checks of what is missing, each with its mend. What was found (Facts) is
// judged by a pure function (Checks).
package system

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vela-rollouts/vela/internal/server/api"
)

const (
	// expiresSoon is how long before its end a certificate is worth a warning.
	expiresSoon = 24 * time.Hour
	// leaseStale is how old the sign of life of the leading controllers may be.
	leaseStale = time.Minute
)

// Facts are what was found. What could not be read is in Unknown, by the check that it is for.
type Facts struct {
	Now time.Time
	// Kubernetes is the version of the API server; empty: it did not answer.
	Kubernetes string
	// Unknown are errors by check.
	Unknown map[api.CheckId]error
	// Leading says that the controllers run in this process; Renewed is when the leader gave its last sign of life.
	Leading bool
	Renewed time.Time
	// Webhooks are those that are registered, with the end of the authority that the API server trusts.
	Webhooks map[string]time.Time
	// OpenKruise says that another controller of Rollouts is installed.
	OpenKruise bool
	// RolloutKind says that the kind Rollout is installed.
	RolloutKind bool
	// IngressClasses that there are; UsedClasses are those that Ingresses of applications name.
	IngressClasses, UsedClasses []string
	// Edge says whether the gateway tells what it serves, Replicas how many of it do.
	Edge     api.EdgeState
	Replicas int
	// GatewayAPI says that its kinds are installed; GatewayClasses whether those that there are were accepted.
	GatewayAPI     bool
	GatewayClasses map[string]bool
	// Metrics says that the resource metrics of pods are there.
	Metrics bool
	// Roles says of each of vela's roles whether it is installed as this version has it; a missing one is not in it.
	Roles map[string]bool
	// TLS says that people come by it.
	TLS bool
}

// Checks judges, in a fixed order.
func Checks(f Facts) []api.Check {
	all := []api.Check{
		f.apiServer(), f.controllers(), f.webhooks(), f.rollouts(), f.openKruise(), f.ingressClass(), f.edge(), f.gatewayAPI(), f.metrics(), f.roles(), f.tls(),
	}
	for i := range all {
		if err, ok := f.Unknown[all[i].Id]; ok {
			all[i] = api.Check{
				Id: all[i].Id, State: api.CheckStateUnknown, Message: "this could not be looked at: " + err.Error(),
				Mend: "look at the log of vela-core, and at what its service account may read",
			}
		}
	}
	return all
}

func ok(id api.CheckId, format string, args ...any) api.Check {
	return api.Check{Id: id, State: api.CheckStateOk, Message: fmt.Sprintf(format, args...)}
}

func not(id api.CheckId, state api.CheckState, message, mend string) api.Check {
	return api.Check{Id: id, State: state, Message: message, Mend: mend}
}

func with(c api.Check, name, value string) api.Check {
	if value != "" {
		if c.Params == nil {
			c.Params = map[string]string{}
		}
		c.Params[name] = value
	}
	return c
}

func (f Facts) apiServer() api.Check {
	id := api.CheckIdApiServer
	if f.Kubernetes == "" {
		return not(id, api.CheckStateFailed, "the Kubernetes API server does not answer", "look whether it runs; releases go on when it is back")
	}
	return with(ok(id, "Kubernetes %s answers", f.Kubernetes), "version", f.Kubernetes)
}

func (f Facts) controllers() api.Check {
	id := api.CheckIdControllers
	switch {
	case f.Leading:
		return ok(id, "the controllers run in this process")
	case f.Renewed.IsZero():
		return not(id, api.CheckStateFailed, "no controllers lead", "start vela-core, and look at its log when it does not become ready")
	case f.Now.Sub(f.Renewed) > leaseStale:
		age := f.Now.Sub(f.Renewed).Round(time.Second).String()
		return with(not(id, api.CheckStateFailed, "the leading controllers have given no sign of life for "+age,
			"look at the pods of vela-core and their logs; another one takes over when the lease has run out"), "age", age)
	}
	return ok(id, "the controllers run in another process")
}

func (f Facts) webhooks() api.Check {
	id := api.CheckIdWebhooks
	if len(f.Webhooks) == 0 {
		return not(id, api.CheckStateFailed, "admission is not registered: mistakes are not refused, and nobody writes down who approved",
			"start vela-core with --webhook-cert-dir and an address for the webhooks")
	}
	var soonest time.Time
	for _, end := range f.Webhooks {
		if soonest.IsZero() || end.Before(soonest) {
			soonest = end
		}
	}
	day := soonest.UTC().Format(time.DateOnly)
	switch {
	case !soonest.After(f.Now):
		return with(not(id, api.CheckStateFailed, "the certificate authority of admission ended on "+day+": nothing can be stored",
			"delete the directory of --webhook-cert-dir and start vela-core again; it makes a new one"), "day", day)
	case soonest.Sub(f.Now) < expiresSoon:
		return with(not(id, api.CheckStateWarning, "the certificate authority of admission ends on "+day,
			"vela-core renews it by itself; when it does not, look at its log and restart it"), "day", day)
	}
	return with(ok(id, "admission is registered, its certificates hold until %s", day), "day", day)
}

func (f Facts) rollouts() api.Check {
	if !f.RolloutKind {
		return not(api.CheckIdRollouts, api.CheckStateFailed, "the kind Rollout is not installed: no canary step can work", "apply api/crds, or install the chart again")
	}
	return ok(api.CheckIdRollouts, "the kind Rollout is installed")
}

func (f Facts) openKruise() api.Check {
	if f.OpenKruise {
		return not(api.CheckIdOpenkruise, api.CheckStateWarning, "OpenKruise Rollouts is installed: Rollouts are left to it, and canary steps of applications wait",
			"remove OpenKruise Rollouts to release by vela")
	}
	return ok(api.CheckIdOpenkruise, "no other controller of Rollouts is installed")
}

func (f Facts) ingressClass() api.Check {
	id := api.CheckIdIngressClass
	var missing []string
	for _, used := range f.UsedClasses {
		if !slices.Contains(f.IngressClasses, used) {
			missing = append(missing, used)
		}
	}
	names := strings.Join(slices.Sorted(slices.Values(f.IngressClasses)), ", ")
	switch {
	case len(f.IngressClasses) == 0:
		return not(id, api.CheckStateWarning, "there is no IngressClass: the trait gateway leads nobody to an application", "install an ingress controller, or the edge of vela")
	case len(missing) > 0:
		slices.Sort(missing)
		lost := strings.Join(missing, ", ")
		return with(not(id, api.CheckStateWarning, "applications name an IngressClass that is not there: "+lost,
			"create the class, or write one of "+names+" into the trait gateway (class)"), "missing", lost)
	}
	return with(ok(id, "IngressClass: %s", names), "classes", names)
}

func (f Facts) edge() api.Check {
	id := api.CheckIdEdge
	switch f.Edge {
	case api.EdgeStateOk:
		return with(ok(id, "the gateway tells what it serves (%d of it)", f.Replicas), "replicas", strconv.Itoa(f.Replicas))
	case api.EdgeStateSilent:
		return not(id, api.CheckStateFailed, "the gateway does not answer: shares are not confirmed, and no release moves on",
			"look whether vela-edge runs, and at the addresses in --edge-url")
	case api.EdgeStateNone:
	}
	return not(id, api.CheckStateWarning, "no gateway tells what it serves: shares are asked for and never confirmed or measured",
		"run the edge of vela and give its admin addresses by --edge-url")
}

func (f Facts) gatewayAPI() api.Check {
	id := api.CheckIdGatewayApi
	if !f.GatewayAPI {
		return not(id, api.CheckStateWarning, "the Gateway API is not installed: the traits http-route and grpc-route can't be used", "apply api/crds/gateway, or the channel standard of the Gateway API")
	}
	var waiting []string
	for name, accepted := range f.GatewayClasses {
		if !accepted {
			waiting = append(waiting, name)
		}
	}
	slices.Sort(waiting)
	if len(waiting) > 0 {
		names := strings.Join(waiting, ", ")
		return with(not(id, api.CheckStateWarning, "nobody has accepted the GatewayClass "+names, "start its controller, or correct its controllerName"), "classes", names)
	}
	return ok(id, "the Gateway API is installed, with %d GatewayClasses", len(f.GatewayClasses))
}

func (f Facts) metrics() api.Check {
	if !f.Metrics {
		return not(api.CheckIdMetrics, api.CheckStateWarning, "there are no resource metrics: what pods use is not shown, and cpu-scaler has nothing to go by", "install metrics-server")
	}
	return ok(api.CheckIdMetrics, "the resource metrics of pods are there")
}

func (f Facts) roles() api.Check {
	id := api.CheckIdRoles
	var missing, other []string
	for _, name := range roleNames() {
		same, there := f.Roles[name]
		switch {
		case !there:
			missing = append(missing, name)
		case !same:
			other = append(other, name)
		}
	}
	switch {
	case len(missing) > 0:
		names := strings.Join(missing, ", ")
		return with(not(id, api.CheckStateFailed, "roles are not installed: "+names, "apply them again: by velad up, or by the chart"), "roles", names)
	case len(other) > 0:
		names := strings.Join(other, ", ")
		return with(not(id, api.CheckStateWarning, "roles give other rights than this version has: "+names, "apply them again, unless somebody meant it"), "roles", names)
	}
	return ok(id, "all roles are installed")
}

func (f Facts) tls() api.Check {
	if !f.TLS {
		return not(api.CheckIdTls, api.CheckStateWarning, "this page comes without TLS: passwords are safe only on this very machine",
			"give --ui-tls-cert and --ui-tls-key, or put it behind something that has TLS (--ui-behind-tls)")
	}
	return ok(api.CheckIdTls, "people come by TLS")
}
