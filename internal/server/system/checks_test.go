// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package system_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/vela-rollouts/vela/internal/server/access"
	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/system"
)

func now() time.Time { return time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC) }

// well is an installation in which nothing is missing.
func well() system.Facts {
	f := system.Facts{
		Now: now(), Kubernetes: "v1.37.2", Leading: true, Webhooks: map[string]time.Time{"vela": now().AddDate(1, 0, 0)}, RolloutKind: true, IngressClasses: []string{"nginx"},
		UsedClasses: []string{"nginx"}, Edge: api.EdgeStateOk, Replicas: 1, GatewayAPI: true, GatewayClasses: map[string]bool{"vela": true}, Metrics: true, TLS: true,
		Roles: map[string]bool{},
	}
	for _, r := range access.Roles() {
		f.Roles[r.ClusterRoleName()] = true
	}
	return f
}

func TestWhereNothingIsMissingAllChecksAreFine(t *testing.T) {
	for _, c := range system.Checks(well()) {
		if c.State != api.CheckStateOk || c.Message == "" || c.Mend != "" {
			t.Errorf("%+v", c)
		}
	}
}

func TestWhatIsMissingIsNamedWithItsMend(t *testing.T) {
	cases := map[string]struct {
		change func(*system.Facts)
		id     api.CheckId
		state  api.CheckState
		says   string
	}{
		"the API server is away":         {func(f *system.Facts) { f.Kubernetes = "" }, api.CheckIdApiServer, api.CheckStateFailed, "does not answer"},
		"nobody leads":                   {func(f *system.Facts) { f.Leading = false }, api.CheckIdControllers, api.CheckStateFailed, "no controllers"},
		"the leader is silent":           {func(f *system.Facts) { f.Leading, f.Renewed = false, now().Add(-2*time.Minute) }, api.CheckIdControllers, api.CheckStateFailed, "2m0s"},
		"no webhooks":                    {func(f *system.Facts) { f.Webhooks = nil }, api.CheckIdWebhooks, api.CheckStateFailed, "not registered"},
		"a certificate that ended":       {func(f *system.Facts) { f.Webhooks["old"] = now().Add(-time.Hour) }, api.CheckIdWebhooks, api.CheckStateFailed, "2026-11-29"},
		"a certificate that ends soon":   {func(f *system.Facts) { f.Webhooks["old"] = now().Add(2 * time.Hour) }, api.CheckIdWebhooks, api.CheckStateWarning, "2026-11-29"},
		"no kind Rollout":                {func(f *system.Facts) { f.RolloutKind = false }, api.CheckIdRollouts, api.CheckStateFailed, "Rollout"},
		"OpenKruise":                     {func(f *system.Facts) { f.OpenKruise = true }, api.CheckIdOpenkruise, api.CheckStateWarning, "OpenKruise"},
		"no IngressClass":                {func(f *system.Facts) { f.IngressClasses = nil }, api.CheckIdIngressClass, api.CheckStateWarning, "no IngressClass"},
		"a class that is not there":      {func(f *system.Facts) { f.UsedClasses = []string{"traefik"} }, api.CheckIdIngressClass, api.CheckStateWarning, "traefik"},
		"a gateway that does not answer": {func(f *system.Facts) { f.Edge = api.EdgeStateSilent }, api.CheckIdEdge, api.CheckStateFailed, "does not answer"},
		"no gateway that tells":          {func(f *system.Facts) { f.Edge = api.EdgeStateNone }, api.CheckIdEdge, api.CheckStateWarning, "never confirmed"},
		"no Gateway API":                 {func(f *system.Facts) { f.GatewayAPI = false }, api.CheckIdGatewayApi, api.CheckStateWarning, "not installed"},
		"a GatewayClass that nobody has": {func(f *system.Facts) { f.GatewayClasses["other"] = false }, api.CheckIdGatewayApi, api.CheckStateWarning, "other"},
		"no metrics":                     {func(f *system.Facts) { f.Metrics = false }, api.CheckIdMetrics, api.CheckStateWarning, "metrics"},
		"a role that is missing":         {func(f *system.Facts) { delete(f.Roles, "vela-approver") }, api.CheckIdRoles, api.CheckStateFailed, "vela-approver"},
		"a role that was changed":        {func(f *system.Facts) { f.Roles["vela-viewer"] = false }, api.CheckIdRoles, api.CheckStateWarning, "vela-viewer"},
		"no TLS":                         {func(f *system.Facts) { f.TLS = false }, api.CheckIdTls, api.CheckStateWarning, "without TLS"},
		"something that cannot be read":  {func(f *system.Facts) { f.Unknown = map[api.CheckId]error{api.CheckIdRoles: errors.New("forbidden")} }, api.CheckIdRoles, api.CheckStateUnknown, "forbidden"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			f := well()
			tc.change(&f)
			for _, c := range system.Checks(f) {
				switch {
				case c.Id != tc.id && c.State != api.CheckStateOk:
					t.Errorf("%s is %s too: %s", c.Id, c.State, c.Message)
				case c.Id == tc.id && (c.State != tc.state || !strings.Contains(c.Message, tc.says) || c.Mend == ""):
					t.Errorf("got %+v", c)
				}
			}
		})
	}
}
