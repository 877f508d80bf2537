// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/vela-rollouts/vela/internal/account"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
)

// accountNamed reads an account as the server of VelaUX does.
func (w *world) accountNamed(name string) *account.Account {
	w.t.Helper()
	live, err := w.objects.Tracker().Get(cluster.Secrets(), account.Namespace, account.Secret)
	if err != nil {
		w.t.Fatal(err)
	}
	raw, err := json.Marshal(live)
	if err != nil {
		w.t.Fatal(err)
	}
	var secret struct {
		Data map[string]string `json:"data"`
	}
	if err := json.Unmarshal(raw, &secret); err != nil {
		w.t.Fatal(err)
	}
	data := map[string][]byte{}
	for k, v := range secret.Data {
		if data[k], err = base64.StdEncoding.DecodeString(v); err != nil {
			w.t.Fatal(err)
		}
	}
	a, err := account.Read(data, name)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func TestAnAccountIsAddedWithARoleAndAPasswordThatIsShownOnce(t *testing.T) {
	w := newWorld(t)
	got := w.vela("", "account", "add", "eve", "--role", "developer", "--display-name", "Eve Adams")
	if got.code != 0 || !strings.HasPrefix(got.out, "Account eve is added with role developer.\nPassword: ") {
		t.Fatalf("exit code %d, output %q %q", got.code, got.out, got.err)
	}
	password := regexp.MustCompile(`Password: (\S+)`).FindStringSubmatch(got.out)[1]
	eve := w.accountNamed("eve")
	if eve == nil || !account.Matches(eve.Hash, password) || strings.Join(eve.Groups, ",") != "vela:developers" {
		t.Errorf("the account is %+v, want one of the developers with the password that was shown", eve)
	}
	w.vela("", "account", "add", "eve", "--role", "viewer").refused(t, "account eve is there already")
	w.vela("correct horse battery\n", "account", "add", "adam", "--role", "viewer", "--password-stdin").expect(t, 0, "Account adam is added with role viewer.\n")
	if !account.Matches(w.accountNamed("adam").Hash, "correct horse battery") {
		t.Error("adam has another password than the one that was given")
	}
	w.vela("", "account", "list").expect(t, 0, "NAME  ROLE       STATE    DISPLAY_NAME\nadam  viewer     enabled\neve   developer  enabled  Eve Adams\n")
	if list := w.vela("", "account", "list", "-o", "json"); strings.Contains(list.out, "argon2id") || !strings.Contains(list.out, `"name": "eve"`) {
		t.Errorf("the list is to name eve and tell no hash: %s", list.out)
	}

	w.vela("", "account", "disable", "eve").expect(t, 0, "Account eve may not sign in any more.\n")
	if !w.accountNamed("eve").Disabled {
		t.Error("eve is not disabled")
	}
	w.vela("", "account", "enable", "eve").expect(t, 0, "Account eve may sign in.\n")
	w.vela("another good password\n", "account", "password", "eve", "--password-stdin").expect(t, 0, "Account eve has a new password.\n")
	if eve := w.accountNamed("eve"); eve.Disabled || eve.DisplayName != "Eve Adams" || !account.Matches(eve.Hash, "another good password") {
		t.Errorf("the account is %+v, want it as it was, with the new password", eve)
	}
	w.vela("", "account", "remove", "adam").expect(t, 0, "Account adam is removed.\n")
	w.vela("", "account", "remove", "eve").refused(t, "account eve is the last one: add another one first")
	if w.accountNamed("adam") != nil || w.accountNamed("eve") == nil {
		t.Error("adam is to be gone, and eve to be there")
	}
}

// refused says that a command did nothing, and why.
func (r result) refused(t *testing.T, why string) {
	t.Helper()
	if r.code != 3 || r.out != "" || !strings.Contains(r.err, why) {
		t.Errorf("exit code %d, output %q, error %q; want code 3 and %q", r.code, r.out, r.err, why)
	}
}

func TestAccountVerbsSayWhatIsWrong(t *testing.T) {
	cases := map[string]struct {
		in, args string
		code     int
		says     string
	}{
		"no name":                   {"", "add --role viewer", 2, "please specify an account"},
		"a name that is none":       {"", "add Eve --role viewer", 2, `account name "Eve": use 1 to 63 lower-case letters`},
		"no role":                   {"", "add eve", 2, `--role "": use one of viewer, developer, approver, operator, admin`},
		"a role that there is not":  {"", "add eve --role boss", 2, `--role "boss": use one of viewer`},
		"a password that is short":  {"short\n", "add eve --role viewer --password-stdin", 2, "the password has 5 characters: use at least 12"},
		"a password for nobody":     {"", "password eve", 1, "there is no account eve: `vela account list` lists them"},
		"disabling nobody":          {"", "disable eve", 1, "there is no account eve"},
		"removing nobody":           {"", "remove eve", 1, "there is no account eve"},
		"a command that is unknown": {"", "invite eve", 2, "invite"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			got := w.vela(c.in, append([]string{"account"}, strings.Fields(c.args)...)...)
			if got.code != c.code || !strings.Contains(got.err, c.says) || got.out != "" {
				t.Errorf("exit code %d, output %q, error %q; want code %d and %q", got.code, got.out, got.err, c.code, c.says)
			}
		})
	}
}
