// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package completion

import (
	"github.com/spf13/cobra"

	"github.com/vela-rollouts/vela/internal/cli/shell"
)

const examples = `  source <(vela completion bash)
  vela completion zsh > "${fpath[1]}/_vela"
  vela completion fish | source
  vela completion powershell | Out-String | Invoke-Expression`

// NewCommand is `vela completion`.
func NewCommand(sh *shell.Shell) *cobra.Command {
	cmd := sh.Command("completion bash|zsh|fish|powershell", "completion", examples)
	cmd.ValidArgs = []string{"bash", "zsh", "fish", "powershell"}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		which, err := sh.Name(args, "completion.which")
		if err != nil {
			return err
		}
		switch root := cmd.Root(); which {
		case "bash":
			return root.GenBashCompletionV2(sh.Out, true)
		case "zsh":
			return root.GenZshCompletion(sh.Out)
		case "fish":
			return root.GenFishCompletion(sh.Out, true)
		case "powershell":
			return root.GenPowerShellCompletionWithDesc(sh.Out)
		default:
			return sh.Usage("completion.which")
		}
	}
	return cmd
}
