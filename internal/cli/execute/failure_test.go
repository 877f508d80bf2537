// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package execute

import (
	"errors"
	"testing"

	"github.com/vela-rollouts/vela/internal/cli/shell"
	"github.com/vela-rollouts/vela/internal/cli/text"
)

func TestACommandThatDoesNotStartIsOneSentenceWithTheRuntimesReason(t *testing.T) {
	const chain = "Internal error occurred: Internal error occurred: error executing command in container: "
	const runc = `failed to start exec "0c": OCI runtime exec failed: exec failed: unable to start container process: `
	cases := map[string]struct {
		says, want string
	}{
		"the program is not in the path": {
			chain + "failed to exec in container: " + runc + `exec: "bash": executable file not found in $PATH`,
			"container web of pod web-1 has no program bash: name one that its image has (" + runc + `exec: "bash": executable file not found in $PATH)`,
		},
		"the program is not at its path": {
			chain + runc + `exec: "bash": stat /bin/bash: no such file or directory`,
			"container web of pod web-1 has no program bash: name one that its image has (" + runc + `exec: "bash": stat /bin/bash: no such file or directory)`,
		},
		"crun has other words": {
			chain + "exec failed: executable file `bash` not found in $PATH: No such file or directory",
			"container web of pod web-1 has no program bash: name one that its image has (exec failed: executable file `bash` not found in $PATH: No such file or directory)",
		},
		"the program may not be run": {
			chain + runc + `exec: "bash": permission denied`,
			"bash cannot be run in container web of pod web-1: " + runc + `exec: "bash": permission denied`,
		},
		"the working directory is missing, not the program": {
			chain + runc + `chdir to cwd ("/app") set in config.json failed: no such file or directory`,
			"bash cannot be run in container web of pod web-1: " + runc + `chdir to cwd ("/app") set in config.json failed: no such file or directory`,
		},
		"another error keeps its words": {"unable to upgrade connection", "unable to upgrade connection"},
	}
	said, err := text.Load(text.English)
	if err != nil {
		t.Fatal(err)
	}
	o := &Options{Command: []string{"bash"}, sh: &shell.Shell{Text: said}}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := o.failure(errors.New(c.says), "web-1", "web").Error(); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	if err := o.failure(nil, "web-1", "web"); err != nil {
		t.Errorf("a command that ended well is an error: %v", err)
	}
}
