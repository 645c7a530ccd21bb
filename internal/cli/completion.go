package cli

import (
	"context"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
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
		"by":             fixed(costKeys...),
		"severity":       fixed(kanban.Severities...),
		"for":            fixed("claude-code", "codex", "gemini", "opencode"),
		"task":           a.completeCards,
		"verifier":       a.profiles,
		"synthesizer":    a.profiles,
		"workers":        a.profiles,
		"reviewer":       a.profiles,
		"parent":         a.completeCards,
		"ids":            a.completeCards,
		"rm":             a.completeCards,
		"kind":           fixed(kanban.Dependency, kanban.NeedsInput, kanban.Capability, kanban.Transient),
		"created-card":   a.completeCards,
		"missed":         fixed(kanban.Misses...),
		"overlap":        fixed(kanban.Overlaps...),
		"state-type":     fixed("status", "outcome"),
		"initial-status": fixed("running", "blocked"),
		"workspace":      fixed("scratch", "dir", "dir:", "worktree", "worktree:"),
		"notify":         a.targetNames,
		"target":         a.targetNames,
		"platform":       fixed(config.TargetKinds...),
		"chat-type":      fixed(kanban.ChatTypes...),
		"delivery-mode":  fixed(kanban.Modes...),
		"in":             fixed(kanban.Places()...),
	} {
		a.completeFlag(cmd, flag, c)
	}
	args := strings.Fields(cmd.Use)[1:]
	if cmd.ValidArgs != nil || cmd.ValidArgsFunction != nil || len(args) == 0 {
		return
	}
	cmd.ValidArgsFunction = func(cmd *cobra.Command, before []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
		n := len(before)
		several := slices.IndexFunc(args, func(s string) bool { return strings.Contains(s, "...") })
		last := len(args) - 1
		switch {
		case several < 0 || n <= several:
		case several < last: // either one more, or what comes after them
			list, _ := a.completeArg(cmd, args[last], typed)
			more, directive := a.completeArg(cmd, args[several], typed)
			return append(list, more...), directive
		default:
			n = several
		}
		if n > last {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return a.completeArg(cmd, args[n], typed)
	}
}

// completeArg offers what may stand for an argument that the verb's use names.
func (a *app) completeArg(cmd *cobra.Command, arg, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	switch strings.Trim(arg, "[].") {
	case "ID", "PARENT", "CHILD":
		return a.answer(cmd, a.completeCards, typed)
	case "ROUTINE":
		return a.answer(cmd, a.completeRoutines, typed)
	case "NUMBER":
		return a.answer(cmd, a.completeAttachments, typed)
	case "EFFORT":
		return a.answer(cmd, fixed(kanban.Efforts()...), typed)
	case "TARGET":
		return a.answer(cmd, a.targetNames, typed)
	case "PROFILE":
		return a.answer(cmd, a.profiles, typed)
	case "SLUG":
		return a.answer(cmd, a.boards, typed)
	case "SHELVED":
		return a.answer(cmd, a.shelved, typed)
	case "FILE", "PATH":
		return nil, cobra.ShellCompDirectiveDefault
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
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
		tasks, err := s.Newest(ctx, typed, kanban.Sources(kanban.Verb(cmd.Name())), completions)
		for _, t := range tasks {
			list = append(list, cobra.CompletionWithDesc(string(t.ID), string(t.Status)+": "+view.Plain(t.Title)))
		}
		return err
	})
	return list
}

// completeAttachments offers the numbers of the newest files with their names.
func (a *app) completeAttachments(ctx context.Context, _ *cobra.Command, _ string) (list []cobra.Completion) {
	_, place, err := a.find()
	if err != nil || place.Look(ctx) != nil {
		return nil
	}
	_ = a.with(ctx, func(s *session) error {
		files, err := s.AllAttachments(ctx, completions)
		for _, f := range files {
			list = append(list, cobra.CompletionWithDesc(strconv.FormatInt(f.ID, 10), view.Plain(string(f.Task)+": "+f.Name)))
		}
		return err
	})
	return list
}

// settings is andon.yaml, the default where it cannot be read.
func (a *app) settings() config.Config {
	h, err := home.Find(a.places, a.Env, a.UserHome)
	if err != nil {
		return config.Default()
	}
	cfg, err := config.Load(h.ConfigFile(), os.ReadFile)
	if err != nil {
		return config.Default()
	}
	return cfg
}

// targetNames offers the targets of andon.yaml.
func (a *app) targetNames(context.Context, *cobra.Command, string) (list []cobra.Completion) {
	cfg := a.settings()
	for _, name := range cfg.TargetNames() {
		list = append(list, cobra.CompletionWithDesc(name, string(cfg.Notify.Targets[name].Kind)))
	}
	return list
}

// profiles offers those of andon.yaml.
func (a *app) profiles(context.Context, *cobra.Command, string) (list []cobra.Completion) {
	cfg := a.settings()
	for _, name := range slices.Sorted(maps.Keys(cfg.Profiles)) {
		list = append(list, cobra.CompletionWithDesc(name, view.Plain(cfg.Profiles[name].Description)))
	}
	return list
}

// boards offers those of the home.
func (a *app) boards(ctx context.Context, _ *cobra.Command, _ string) (list []cobra.Completion) {
	h, err := home.Find(a.places, a.Env, a.UserHome)
	if err != nil {
		return nil
	}
	boards, err := h.Here(ctx)
	if err != nil {
		return nil
	}
	for _, b := range boards {
		list = append(list, cobra.CompletionWithDesc(string(b.Slug), view.Plain(b.Meta().Name)))
	}
	return list
}

// shelved offers the boards that were put away.
func (a *app) shelved(ctx context.Context, _ *cobra.Command, _ string) (list []cobra.Completion) {
	h, err := home.Find(a.places, a.Env, a.UserHome)
	if err != nil {
		return nil
	}
	shelf, err := h.Shelf(ctx)
	if err != nil {
		return nil
	}
	for _, s := range shelf {
		list = append(list, cobra.CompletionWithDesc(s.Name, view.Plain(s.Meta().Name)))
	}
	return list
}
