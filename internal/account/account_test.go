// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package account_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/vela-rollouts/vela/internal/account"
)

func TestAPasswordMatchesItsOwnHashAlone(t *testing.T) {
	hash := account.Hash("correct horse battery")
	for name, tc := range map[string]struct {
		hash, password string
		want           bool
	}{
		"the password":                    {hash, "correct horse battery", true},
		"another one":                     {hash, "correct horse batterz", false},
		"none":                            {hash, "", false},
		"one that is too long to look at": {hash, strings.Repeat("x", 2000), false},
		"a hash of something else":        {"$argon2i$v=19$m=65536,t=3,p=2$AAAA$AAAA", "x", false},
		"a hash that asks for too much":   {"$argon2id$v=19$m=4194304,t=3,p=2$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA", "x", false},
		"no hash":                         {"", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := account.Matches(tc.hash, tc.password); got != tc.want {
				t.Errorf("matches: %v, want %v", got, tc.want)
			}
		})
	}
	if account.Hash("correct horse battery") == hash {
		t.Error("two accounts with one password have one hash")
	}
}

func TestAnAccountComesBackWithoutGroupsOfTheCluster(t *testing.T) {
	data := map[string][]byte{}
	if err := account.Write(data, "eve", account.Account{Hash: "h", Groups: []string{"system:masters", account.GroupOf("viewer"), "vela:team-a"}}); err != nil {
		t.Fatal(err)
	}
	got, err := account.Read(data, "eve")
	if err != nil || !slices.Equal(got.Groups, []string{"vela:viewers", "vela:team-a"}) {
		t.Errorf("the account is %+v (%v), want it without system:masters", got, err)
	}
	if nobody, err := account.Read(data, "adam"); err != nil || nobody != nil {
		t.Errorf("of nobody is read %+v (%v)", nobody, err)
	}
	if _, err := account.Read(map[string][]byte{"eve": []byte("{")}, "eve"); err == nil || !strings.Contains(err.Error(), "account eve") {
		t.Errorf("a broken entry gives %v, want whose it is", err)
	}
}

func TestARoleIsToldByItsGroup(t *testing.T) {
	for _, role := range account.Roles() {
		if got := account.RoleOf(account.GroupOf(role)); got != role {
			t.Errorf("group %s is of role %q, want %s", account.GroupOf(role), got, role)
		}
	}
	if got := account.RoleOf("vela:team-as"); got != "" {
		t.Errorf("a group that was bound by hand is of role %q, want none", got)
	}
}

func TestNamesAndPasswordsThatAreRefusedSayWhy(t *testing.T) {
	for name, want := range map[string]string{"": "lower-case", "Eve": "lower-case", "-eve": "first and last", strings.Repeat("a", 64): "1 to 63", "a b": "lower-case"} {
		if err := account.CheckName(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("name %q gives %v, want %q", name, err, want)
		}
	}
	if err := account.CheckName("eve.adams-2"); err != nil {
		t.Error(err)
	}
	if err := account.CheckPassword("short"); err == nil || !strings.Contains(err.Error(), "5 characters: use at least 12") {
		t.Errorf("a short password gives %v", err)
	}
	if err := account.CheckPassword(account.NewPassword()); err != nil {
		t.Error(err)
	}
}
