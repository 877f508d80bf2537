// SPDX-FileCopyrightText: The vela authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/vela-rollouts/vela/internal/cli/account"
	"github.com/vela-rollouts/vela/internal/cli/addon"
	"github.com/vela-rollouts/vela/internal/cli/cluster"
	"github.com/vela-rollouts/vela/internal/cli/completion"
	"github.com/vela-rollouts/vela/internal/cli/del"
	"github.com/vela-rollouts/vela/internal/cli/dryrun"
	"github.com/vela-rollouts/vela/internal/cli/execute"
	"github.com/vela-rollouts/vela/internal/cli/exit"
	"github.com/vela-rollouts/vela/internal/cli/logs"
	"github.com/vela-rollouts/vela/internal/cli/ls"
	"github.com/vela-rollouts/vela/internal/cli/output"
	"github.com/vela-rollouts/vela/internal/cli/portforward"
	"github.com/vela-rollouts/vela/internal/cli/revision"
	"github.com/vela-rollouts/vela/internal/cli/rollout"
	"github.com/vela-rollouts/vela/internal/cli/shell"
	"github.com/vela-rollouts/vela/internal/cli/status"
	"github.com/vela-rollouts/vela/internal/cli/system"
	"github.com/vela-rollouts/vela/internal/cli/text"
	"github.com/vela-rollouts/vela/internal/cli/up"
	"github.com/vela-rollouts/vela/internal/cli/version"
	"github.com/vela-rollouts/vela/internal/cli/workflow"
)

// Process is what the command line takes from the process it runs in.
type Process struct {
	Args     []string
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string
	Home     string
	Now      func() time.Time
	Version  string
	// Open stands in for finding a cluster, in tests; nil finds one.
	Open func(ctx context.Context) (*cluster.Cluster, error)
}

// Run runs one command line and returns its exit code (package exit). What went wrong is one sentence on Err.
func Run(ctx context.Context, p Process) int {
	language := flagValue(p.Args, "--lang")
	known := language == "" || text.Known(language)
	if !known {
		language = ""
	}
	said, err := text.Load(text.Choose(language, p.Getenv))
	if err != nil {
		_, _ = io.WriteString(p.Err, "Error: "+err.Error()+"\n")
		return exit.Failed
	}
	sh := newShell(p, said)
	if !known {
		return fail(ctx, sh, sh.Usage("usage.language", flagValue(p.Args, "--lang")))
	}
	root := newRoot(sh, p) //nolint:contextcheck // commands get their context when they are executed
	root.SetArgs(p.Args)
	err = root.ExecuteContext(ctx)
	if err != nil && ctx.Err() != nil {
		return exit.Interrupted
	}
	return fail(ctx, sh, err)
}

// fail says what went wrong, if anything, and returns the exit code.
func fail(ctx context.Context, sh *shell.Shell, err error) int {
	if err != nil {
		sh.Say(sh.ErrStyle.Bad("Error:") + " " + oneLine(explain(ctx, err, sh).Error()))
	}
	return exit.Code(err)
}

func newShell(p Process, said text.Text) *shell.Shell {
	sh := &shell.Shell{
		In: p.In, Out: p.Out, Err: p.Err,
		InTerminal: isTerminal(p.In), OutTerminal: isTerminal(p.Out), ErrTerminal: isTerminal(p.Err),
		Getenv: p.Getenv, Now: p.Now, Text: said, Version: p.Version,
	}
	sh.Style = output.NewStyle(p.Out, sh.OutTerminal, p.Getenv)
	sh.ErrStyle = output.NewStyle(p.Err, sh.ErrTerminal, p.Getenv)
	return sh
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// flagValue reads a flag before the tree of commands exists, since its help is in the language that the flag asks for.
func flagValue(args []string, name string) string {
	for i, arg := range args {
		if arg == "--" {
			break
		}
		if value, ok := strings.CutPrefix(arg, name+"="); ok {
			return value
		}
		if arg == name && i+1 < len(args) {
			return args[i+1]
		}
	}
	return ""
}

func newRoot(sh *shell.Shell, p Process) *cobra.Command {
	root := sh.Command("vela", "root", "")
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SetIn(p.In)
	root.SetOut(p.Out)
	root.SetErr(p.Err)
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetUsageTemplate(usageTemplate(sh.Text))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if before := cmd.Flags().Args(); cmd.HasSubCommands() && len(before) > 0 { // the flag is that of a command that there is not
			return sh.UnknownCommand(cmd, before[0])
		}
		return sh.Usage("usage.flag", err, cmd.CommandPath())
	})
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := cmd.ValidateFlagGroups(); err != nil {
			return sh.Usage("usage.flag", err, cmd.CommandPath())
		}
		return nil
	}
	var which bool
	root.Flags().BoolVar(&which, "version", false, sh.Text.Of("flag.version"))
	root.RunE = func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) > 0:
			return sh.UnknownCommand(cmd, args[0])
		case which:
			version.Print(sh)
			return nil
		default:
			return cmd.Help()
		}
	}
	root.Args = cobra.ArbitraryArgs

	var where Where
	flags := root.PersistentFlags()
	flags.StringVar(&where.Kubeconfig, "kubeconfig", "", sh.Text.Of("flag.kubeconfig"))
	flags.StringVar(&where.Context, "context", "", sh.Text.Of("flag.context"))
	flags.StringVarP(&sh.NamespaceFlag, "namespace", "n", "", sh.Text.Of("flag.namespace"))
	flags.String("lang", "", sh.Text.Of("flag.lang"))
	flags.BoolP("help", "h", false, sh.Text.Of("flag.help"))
	sh.Open = p.Open
	if sh.Open == nil {
		sh.Open = func(context.Context) (*cluster.Cluster, error) { return where.open(sh, p) }
	}
	addGroups(root, sh.Text)
	for _, v := range verbs(sh) {
		v.cmd.GroupID, v.cmd.SuggestFor = v.group, v.elsewhere
		root.AddCommand(v.cmd)
	}
	root.SetHelpCommand(helpCommand(sh))
	return root
}

// The groups of verbs in the help.
const (
	groupRelease = "release"
	groupLook    = "look"
	groupOther   = "other"
)

func addGroups(root *cobra.Command, t text.Text) {
	for _, id := range []string{groupRelease, groupLook, groupOther} {
		root.AddGroup(&cobra.Group{ID: id, Title: t.Of("group." + id)})
	}
}

// entry is a verb, its place in the help, and what people who know other tools may call it.
type entry struct {
	group     string
	cmd       *cobra.Command
	elsewhere []string
}

// verbs is the table of contents.
func verbs(sh *shell.Shell) []entry {
	return []entry{
		{groupRelease, up.NewCommand(sh), []string{"apply", "create", "deploy"}},
		{groupRelease, workflow.NewCommand(sh), []string{"release"}},
		{groupRelease, rollout.NewCommand(sh), []string{"canary"}},
		{groupRelease, del.NewCommand(sh), []string{"remove", "uninstall"}},
		{groupRelease, dryrun.NewCommand(sh), []string{"render", "template"}},
		{groupLook, status.NewCommand(sh), []string{"describe", "show"}},
		{groupLook, ls.NewCommand(sh), []string{"get", "ps"}},
		{groupLook, revision.NewCommand(sh), []string{"history"}},
		{groupLook, logs.NewCommand(sh), nil},
		{groupLook, execute.NewCommand(sh), []string{"shell", "ssh"}},
		{groupLook, portforward.NewCommand(sh), []string{"proxy"}},
		{groupOther, account.NewCommand(sh), []string{"user", "login"}},
		{groupOther, addon.NewCommand(sh), []string{"plugin"}},
		{groupOther, system.NewCommand(sh), []string{"info"}},
		{groupOther, version.NewCommand(sh), nil},
		{groupOther, completion.NewCommand(sh), nil},
	}
}

func helpCommand(sh *shell.Shell) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: sh.Text.Of("help.short"), GroupID: groupOther,
		RunE: func(cmd *cobra.Command, args []string) error {
			target, rest, err := cmd.Root().Find(args)
			if err != nil {
				target, rest = cmd.Root(), args
			}
			if len(rest) > 0 {
				return sh.UnknownCommand(target, rest[0])
			}
			return target.Help()
		},
	}
}

// usageTemplate is cobra's own with the headings in the person's language.
func usageTemplate(t text.Text) string {
	return t.Of("help.usage") + `
{{if and .Runnable (not .HasAvailableSubCommands)}}  {{.UseLine}}
{{end}}{{if .HasAvailableSubCommands}}  {{.CommandPath}} {{"COMMAND"}}
{{end}}{{if .HasExample}}
` + t.Of("help.examples") + `
{{.Example}}
{{end}}{{if .HasAvailableSubCommands}}{{$all := .Commands}}{{if eq (len .Groups) 0}}
` + t.Of("help.commands") + `{{range $all}}{{if .IsAvailableCommand}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}
{{else}}{{range $group := .Groups}}
{{.Title}}{{range $all}}{{if and (eq .GroupID $group.ID) (or .IsAvailableCommand (eq .Name "help"))}}
  {{rpad .Name .NamePadding}} {{.Short}}{{end}}{{end}}
{{end}}{{end}}{{end}}{{if .HasAvailableLocalFlags}}
` + t.Of("help.flags") + `
{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}
{{end}}{{if .HasAvailableInheritedFlags}}
` + t.Of("help.global-flags") + `
{{.InheritedFlags.FlagUsages | trimTrailingWhitespaces}}
{{end}}`
}
