// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package problem_test

import (
	"errors"
	"net/http"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/vela-rollouts/vela/internal/server/api"
	"github.com/vela-rollouts/vela/internal/server/problem"
)

func TestAPathBecomesAPointer(t *testing.T) {
	for path, want := range map[string]string{
		"":              "",
		"metadata.name": "/metadata/name",
		"spec.components[0].traits[12].properties.http": "/spec/components/0/traits/12/properties/http",
		`spec.components[0].properties["a.b/c~d"]`:      "/spec/components/0/properties/a.b~1c~0d",
		`metadata.annotations["app.oam.dev/x"].y`:       "/metadata/annotations/app.oam.dev~1x/y",
		"broken[": "/broken",
	} {
		if got := problem.Pointer(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestErrorsKeepTheirMeaning(t *testing.T) {
	apps := schema.GroupResource{Group: "core.oam.dev", Resource: "applications"}
	denied := apierrors.NewForbidden(apps, "demo", nil)
	denied.ErrStatus.Message = `admission webhook "application.vela" denied the request: spec.components[0].properties.image: is missing; add it`
	rbac := apierrors.NewForbidden(apps, "demo", nil)
	rbac.ErrStatus.Message = `applications.core.oam.dev "demo" is forbidden: User "u" cannot update resource "applications" in API group "core.oam.dev" in the namespace "prod"`
	away := apierrors.NewInternalError(errors.New(`failed calling webhook "application.vela": connection refused`))
	cases := map[string]struct {
		err    error
		status int
		code   api.ProblemCode
		params map[string]string
	}{
		"not there":              {apierrors.NewNotFound(apps, "demo"), 404, api.ProblemCodeNotFound, map[string]string{"kind": "application", "name": "demo"}},
		"there already":          {apierrors.NewAlreadyExists(apps, "demo"), 409, api.ProblemCodeAlreadyExists, nil},
		"changed in between":     {apierrors.NewConflict(apps, "demo", errors.New("x")), 409, api.ProblemCodeConflict, nil},
		"admission says no":      {denied, 409, api.ProblemCodeRefused, map[string]string{"message": "spec.components[0].properties.image: is missing; add it"}},
		"RBAC says no":           {rbac, 403, api.ProblemCodeForbidden, map[string]string{"verb": "update", "resource": "applications", "namespace": "prod"}},
		"the webhook is away":    {away, 503, api.ProblemCodeUnavailable, nil},
		"the server is busy":     {apierrors.NewTooManyRequests("slow", 1), 503, api.ProblemCodeUnavailable, nil},
		"our mistake is hidden":  {errors.New("secret detail"), 500, api.ProblemCodeInternal, nil},
		"a field is not allowed": {invalid(), 422, api.ProblemCodeInvalid, nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			e := problem.From(tc.err)
			if e.Status != tc.status || e.Code != tc.code {
				t.Fatalf("%d %s, want %d %s", e.Status, e.Code, tc.status, tc.code)
			}
			for k, v := range tc.params {
				if e.Params[k] != v {
					t.Errorf("parameter %s is %q, want %q", k, e.Params[k], v)
				}
			}
			if e.Status == http.StatusInternalServerError && e.Detail == tc.err.Error() {
				t.Error("the client is told what only the log should say")
			}
		})
	}
}

func invalid() error {
	e := apierrors.NewBadRequest("no")
	e.ErrStatus.Reason, e.ErrStatus.Code = metav1.StatusReasonInvalid, http.StatusUnprocessableEntity
	e.ErrStatus.Details = &metav1.StatusDetails{Causes: []metav1.StatusCause{{Type: metav1.CauseTypeFieldValueRequired, Field: "spec.a", Message: "is needed"}}}
	return e
}
