// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"errors"
	"testing"

	"sigs.k8s.io/yaml"

	rollouts "github.com/vela-rollouts/vela/api/rollouts/v1beta1"
)

func TestWhatAUsersMatchAndOneOfAStepHaveInCommon(t *testing.T) {
	t.Parallel()
	const nothing, twice = "nothing", "two conditions on one thing"
	for name, c := range map[string]struct{ users, asked, want string }{
		"all requests, and a header":                     {`{}`, `{headers: [{name: a, value: "1"}]}`, `{headers: [{name: a, type: Exact, value: "1"}]}`},
		"a path below the user's":                        {`{path: {type: PathPrefix, value: /shop}}`, `{path: {value: /shop/beta}}`, `{path: {type: PathPrefix, value: /shop/beta}}`},
		"a path above the user's, which is as much":      {`{path: {type: PathPrefix, value: /shop}}`, `{path: {value: /}}`, `tie {path: {type: PathPrefix, value: /shop}}`},
		"a path that only begins alike":                  {`{path: {type: PathPrefix, value: /shop}}`, `{path: {value: /shopping}}`, nothing},
		"a slash at the end means nothing":               {`{path: {type: PathPrefix, value: /shop/}}`, `{path: {value: /shop/a}}`, `{path: {type: PathPrefix, value: /shop/a}}`},
		"an exact path below a prefix":                   {`{path: {type: PathPrefix, value: /shop}}`, `{path: {type: Exact, value: /shop/a}}`, `{path: {type: Exact, value: /shop/a}}`},
		"an exact path elsewhere":                        {`{path: {type: PathPrefix, value: /shop}}`, `{path: {type: Exact, value: /a}}`, nothing},
		"the user's exact path below a prefix":           {`{path: {type: Exact, value: /shop/a}}`, `{path: {value: /shop}}`, `tie {path: {type: Exact, value: /shop/a}}`},
		"two exact paths":                                {`{path: {type: Exact, value: /a}}`, `{path: {type: Exact, value: /b}}`, nothing},
		"an expression, of all paths":                    {`{path: {type: PathPrefix, value: /}}`, `{path: {type: RegularExpression, value: /a.*}}`, `tie {path: {type: RegularExpression, value: /a.*}}`},
		"an expression, of some paths":                   {`{path: {type: PathPrefix, value: /shop}}`, `{path: {type: RegularExpression, value: /a.*}}`, twice},
		"all paths, of the user's expression":            {`{path: {type: RegularExpression, value: /a.*}}`, `{path: {value: /}}`, `tie {path: {type: RegularExpression, value: /a.*}}`},
		"the method stays":                               {`{method: POST}`, `{queryParams: [{name: q, value: "1"}]}`, `{method: POST, queryParams: [{name: q, type: Exact, value: "1"}]}`},
		"the header is the user's already":               {`{headers: [{name: A, type: Exact, value: "1"}]}`, `{headers: [{name: a, value: "1"}]}`, `tie {headers: [{name: A, type: Exact, value: "1"}]}`},
		"no request has two values of a header":          {`{headers: [{name: a, type: Exact, value: "1"}]}`, `{headers: [{name: a, value: "2"}]}`, nothing},
		"names of parameters are told by capitals":       {`{queryParams: [{name: Q, type: Exact, value: "1"}]}`, `{queryParams: [{name: q, value: "1"}]}`, `{queryParams: [{name: Q, type: Exact, value: "1"}, {name: q, type: Exact, value: "1"}]}`},
		"a value and an expression of one header":        {`{headers: [{name: a, type: Exact, value: "1"}]}`, `{headers: [{name: a, type: RegularExpression, value: "."}]}`, twice},
		"two expressions of one header":                  {`{headers: [{name: a, type: RegularExpression, value: "x"}]}`, `{headers: [{name: a, type: RegularExpression, value: "."}]}`, twice},
		"the same expression":                            {`{headers: [{name: a, type: RegularExpression, value: "."}]}`, `{headers: [{name: a, type: RegularExpression, value: "."}]}`, `tie {headers: [{name: a, type: RegularExpression, value: "."}]}`},
		"a method of gRPC, and a header of its metadata": {`{method: {service: shop.Cart}}`, `{headers: [{name: a, value: "1"}]}`, `{method: {service: shop.Cart}, headers: [{name: a, type: Exact, value: "1"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, asked := object{}, rollouts.HTTPRouteMatch{}
			if err := errors.Join(yaml.Unmarshal([]byte(c.users), &users), yaml.UnmarshalStrict([]byte(c.asked), &asked)); err != nil {
				t.Fatal(err)
			}
			n, err := common(users, asked)
			got := "nothing"
			switch {
			case errors.Is(err, errTwice):
				got = twice
			case err != nil:
				t.Fatal(err)
			case n.ok:
				got = canonical(t, n.match)
				if n.tie {
					got = "tie " + got
				}
			}
			want := c.want
			if want != nothing && want != twice {
				text, tie := want, ""
				if len(want) > 4 && want[:4] == "tie " {
					text, tie = want[4:], "tie "
				}
				match := object{}
				if err := yaml.Unmarshal([]byte(text), &match); err != nil {
					t.Fatal(err)
				}
				want = tie + canonical(t, match)
			}
			if got != want {
				t.Errorf("they have in common\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func canonical(t *testing.T, o object) string {
	t.Helper()
	raw, err := yaml.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
