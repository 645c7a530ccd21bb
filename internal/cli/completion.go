package cli

import (
	"context"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/store"
	"andon/internal/view"
	"andon/kanban"
)

func newCompletion(a *app) *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	cmd := verb(words{
		use: "completion SHELL", group: "more",
		short: "print a script that lets a shell complete andon's words",
		long: `Print a script that lets a shell complete commands, flags, ids of cards, statuses
and profiles. SHELL is bash, zsh, fish or powershell.`,
		example: `  source <(andon completion bash)
  andon completion zsh > "${fpath[1]}/_andon"
  andon completion fish > ~/.config/fish/completions/andon.fish
  andon completion powershell | Out-String | Invoke-Expression`,
		exits: "it could not be written",
	}, cobra.ExactArgs(1), nil)
	cmd.ValidArgs = shells
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		root := cmd.Root()
		switch args[0] {
		case "bash":
			return root.GenBashCompletionV2(a.Out, true)
		case "zsh":
			return root.GenZshCompletion(a.Out)
		case "fish":
			return root.GenFishCompletion(a.Out, true)
		case "powershell":
			return root.GenPowerShellCompletionWithDesc(a.Out)
		}
		return usagef("no completion for %q; it is one of %s", args[0], strings.Join(shells, ", "))
	}
	return cmd
}

// completer lists what may stand in a place, given what is typed of it.
type completer func(ctx context.Context, cmd *cobra.Command, typed string) []cobra.Completion

// complete gives a verb's flags and arguments their completions, by their names.
func (a *app) complete(cmd *cobra.Command) {
	for flag, c := range map[string]completer{
		"status":         fixed(kanban.Statuses...),
		"sort":           fixed(store.Sorts()...),
		"assignee":       a.profiles,
		"severity":       fixed(kanban.Severities...),
		"task":           a.completeCards,
		"verifier":       a.profiles,
		"synthesizer":    a.profiles,
		"parent":         a.completeCards,
		"created-card":   a.completeCards,
		"state-type":     fixed("status", "outcome"),
		"initial-status": fixed("running", "blocked"),
		"workspace":      fixed("scratch", "dir:"),
	} {
		a.completeFlag(cmd, flag, c)
	}
	args := strings.Fields(cmd.Use)[1:]
	if cmd.ValidArgs != nil || cmd.ValidArgsFunction != nil || len(args) == 0 {
		return
	}
	cmd.ValidArgsFunction = func(cmd *cobra.Command, before []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		n := len(before)
		if last := len(args) - 1; n > last && strings.Contains(args[last], "...") {
			n = last
		}
		if n >= len(args) {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		switch strings.Trim(args[n], "[].") {
		case "ID", "PARENT", "CHILD":
			return a.answer(cmd, a.completeCards, typed)
		case "EFFORT":
			return a.answer(cmd, fixed(kanban.Efforts()...), typed)
		case "PROFILE":
			return a.answer(cmd, a.profiles, typed)
		case "FILE", "PATH":
			return nil, cobra.ShellCompDirectiveDefault
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

func (a *app) completeFlag(cmd *cobra.Command, flag string, c completer) {
	if cmd.Flag(flag) == nil {
		return
	}
	err := cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return a.answer(cmd, c, typed)
	})
	if err != nil {
		panic(err) // the flag is there, and is registered once
	}
}

// patience is how long a person waits at most for a completion.
const patience = time.Second

// answer asks c. Whatever goes wrong, there is nothing to complete, and nothing
// is said of it: the person is in the middle of a line.
func (a *app) answer(cmd *cobra.Command, c completer, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	a.Err = io.Discard
	ctx, cancel := context.WithTimeout(cmd.Context(), patience)
	defer cancel()
	var fit []cobra.Completion
	for _, s := range c(ctx, cmd, typed) {
		if strings.HasPrefix(s, typed) {
			fit = append(fit, s)
		}
	}
	return fit, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

func fixed[S ~string](words ...S) completer {
	list := make([]cobra.Completion, len(words))
	for i, w := range words {
		list[i] = string(w)
	}
	return func(context.Context, *cobra.Command, string) []cobra.Completion { return list }
}

// completions is how many cards are offered at most.
const completions = 100

// completeCards offers ids with their titles: of the cards that the verb is legal for,
// if it moves cards.
func (a *app) completeCards(ctx context.Context, cmd *cobra.Command, typed string) (list []cobra.Completion) {
	_, place, err := a.find()
	if err != nil {
		return nil
	}
	if place.Look(ctx) != nil {
		return nil // opening would make a board
	}
	_ = a.with(ctx, func(s *session) error {
		tasks, err := s.List(ctx, store.Filter{
			Prefix: typed, Statuses: kanban.Sources(kanban.Verb(cmd.Name())), Sort: "created-desc", Limit: completions,
		})
		for _, t := range tasks {
			list = append(list, cobra.CompletionWithDesc(string(t.ID), string(t.Status)+": "+view.Plain(t.Title)))
		}
		return err
	})
	return list
}

// profiles offers those of andon.yaml.
func (a *app) profiles(context.Context, *cobra.Command, string) (list []cobra.Completion) {
	h, err := home.Find(a.places, a.Env, a.UserHome)
	if err != nil {
		return nil
	}
	cfg, err := config.Load(h.ConfigFile(), os.ReadFile)
	if err != nil {
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Profiles)) {
		list = append(list, cobra.CompletionWithDesc(name, view.Plain(cfg.Profiles[name].Description)))
	}
	return list
}

// boards offers those of the home.
func (a *app) boards(context.Context, *cobra.Command, string) (list []cobra.Completion) {
	h, err := home.Find(a.places, a.Env, a.UserHome)
	if err != nil {
		return nil
	}
	boards, err := h.Boards()
	if err != nil {
		return nil
	}
	for _, b := range boards {
		list = append(list, string(b.Slug))
	}
	return list
}
