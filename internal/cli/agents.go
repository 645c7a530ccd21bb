package cli

import (
	"context"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/config"
	"andon/internal/view"
	"andon/internal/worker"
	"andon/kanban"
)

func newAgents(a *app) *cobra.Command {
	cmd := verb(words{
		use: "agents", group: "work",
		short: "list which agents are installed, and what each profile would run",
		long: `List the agents that a preset of andon.yaml knows, where the PATH has them, and
for each profile what it would run for a card: words in capitals stand for what the
card and its run bring along. Nothing is started.`,
		example: "  andon agents\n  andon agents test coder",
		exits:   "andon.yaml is not right",
	}, noWords, func(context.Context, []string) error { return a.agents() })
	cmd.AddCommand(newAgentsTest(a))
	return cmd
}

type agentsView struct {
	Presets  []presetView       `json:"presets"`
	Profiles []agentProfileView `json:"profiles"`
}

type presetView struct {
	Preset config.Preset `json:"preset"`
	Path   *string       `json:"path"` // null: it is not installed
}

type agentProfileView struct {
	Profile string        `json:"profile"`
	Preset  config.Preset `json:"preset,omitempty"`
	Path    *string       `json:"path"`
	Argv    []string      `json:"argv"`
	Stdin   string        `json:"stdin"` // prompt, or nothing
}

// sample is a card of which the parts are told by their names.
var sample = config.Card{
	ID: "ID", Title: "TITLE", Prompt: "PROMPT", PromptFile: "PROMPT_FILE", Workspace: "WORKSPACE", Board: "BOARD", Run: 1, Attempt: 1,
	Server: config.Server{File: "MCP_FILE", Command: []string{"andon", "mcp"}, Env: []string{"ANDON_TOKEN"}},
}

func (a *app) agents() error {
	h, _, err := a.find()
	if err != nil {
		return err
	}
	cfg, err := a.loadConfig(h)
	if err != nil {
		return err
	}
	found := func(p config.Profile) *string {
		path, err := worker.Program(p, kanban.Task{ID: "t_0"}, os.Environ())
		if err != nil {
			return nil
		}
		return &path
	}
	v := agentsView{Presets: []presetView{}, Profiles: []agentProfileView{}}
	for _, name := range config.Presets() {
		p := config.Profile{Preset: name}
		if name == config.PresetShell {
			p.Command = []string{":"}
		}
		v.Presets = append(v.Presets, presetView{name, found(p)})
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Profiles)) {
		p := cfg.Profiles[name]
		card := sample
		card.Profile = name
		argv, err := p.Resolve(os.Getenv).Argv(card)
		if err != nil {
			return &kanban.Error{Code: kanban.Invalid, Err: err, Msg: "profile " + name + ": " + err.Error()}
		}
		v.Profiles = append(v.Profiles, agentProfileView{name, p.Preset, found(p), argv, stdinOf(p)})
	}
	if a.json {
		return view.JSON(a.Out, v)
	}
	for _, p := range v.Presets {
		a.printf("%-12s %s\n", p.Preset, or(deref(p.Path), "not on the PATH"))
	}
	for _, p := range v.Profiles {
		words := make([]string, len(p.Argv))
		for i, word := range p.Argv {
			words[i] = word
			if word == "" || strings.ContainsAny(word, " \t\n\"'$`\\;&|<>(){}*?#") {
				words[i] = "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
			}
		}
		a.printf("\nprofile %s%s\n  %s\n", p.Profile, missing(p.Path), view.Plain(strings.Join(words, " ")))
		if p.Stdin != "" {
			a.printf("  and reads the %s on its standard input\n", p.Stdin)
		}
	}
	return nil
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func missing(path *string) string {
	if path == nil {
		return "   (its program is not on the PATH)"
	}
	return ""
}

func stdinOf(p config.Profile) string {
	if p.ReadsPrompt() {
		return string(config.StdinPrompt)
	}
	return ""
}
