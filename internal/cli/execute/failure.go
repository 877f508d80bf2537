// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package execute

import (
	"strings"
)

// failure says in one sentence why a container's runtime did not start the command, the runtime's own reason last; other
// errors stay as they are. The API server passes the reason on as text only, behind a chain of "error occurred".
func (o *Options) failure(err error, pod, container string) error {
	if err == nil {
		return nil
	}
	const chain = "error executing command in container: "
	_, reason, isRuntime := strings.Cut(err.Error(), chain)
	if !isRuntime {
		return err
	}
	reason = strings.TrimPrefix(reason, "failed to exec in container: ")
	if noProgram(reason) {
		return o.sh.Text.Error("exec.no-program", container, pod, o.Command[0], reason)
	}
	return o.sh.Text.Error("exec.not-started", o.Command[0], container, pod, reason)
}

// noProgram tells from the reason of runc or crun that the image lacks the program.
func noProgram(reason string) bool {
	lacks := strings.Contains(reason, "not found in $PATH") || strings.Contains(reason, "no such file or directory") ||
		strings.Contains(reason, "No such file or directory")
	return lacks && !strings.Contains(reason, "cwd") // the working directory may be what is missing
}
