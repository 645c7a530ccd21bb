package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/proc"
	"andon/internal/store"
	"andon/internal/view"
	"andon/internal/worker"
	"andon/kanban"
)

func newAgentsTest(a *app) *cobra.Command {
	o := &agentsTest{app: a}
	cmd := verb(words{
		use: "test NAME", short: "let a profile, or a preset, do a tiny card",
		long: `Let a profile of andon.yaml, or the agent of a preset, do a tiny card, on a board
that is made for it and removed again, and say what happened. It is real work: an
agent calls its model, and that may cost money.`,
		example: "  andon agents test coder\n  andon agents test claude-code --timeout 5m",
		exits:   "no such profile or preset, or the card was not done",
	}, cobra.ExactArgs(1), o.run)
	cmd.Flags().StringVar(&o.timeout, "timeout", "2m", "end it after so long")
	return cmd
}

type agentsTest struct {
	*app
	timeout string
}

type agentsTried struct {
	Profile string         `json:"profile"`
	Done    bool           `json:"done"`
	Outcome kanban.Outcome `json:"outcome"`
	Exit    string         `json:"exit"`
	Summary string         `json:"summary"`
	Error   string         `json:"error"`
	Seconds float64        `json:"seconds"`
	Log     string         `json:"log"`
}

func (o *agentsTest) run(ctx context.Context, args []string) error {
	limit, err := config.ParseDuration(o.timeout)
	if err != nil || limit <= 0 {
		return usagef("--timeout %q: give a length of time such as 5m", o.timeout)
	}
	h, _, err := o.find()
	if err != nil {
		return err
	}
	cfg, err := o.loadConfig(h)
	if err != nil {
		return err
	}
	name := strings.ToLower(strings.TrimSpace(args[0]))
	p, known := cfg.Profiles[name]
	if preset := config.Preset(name); !known && preset.Program() != "" {
		p, known = config.Profile{Preset: preset, OnExit: kanban.OnExitProtocol}, true
	}
	if !known && slices.Contains(config.Presets(), config.Preset(name)) {
		return &kanban.Error{Code: kanban.NotFound, Msg: fmt.Sprintf("the preset %s runs a script of a profile's own; name a profile of andon.yaml that has one", name)}
	}
	if !known {
		return &kanban.Error{Code: kanban.NotFound, Msg: fmt.Sprintf("there is no profile and no preset %q; `andon agents` lists them", args[0])}
	}
	p.MaxRuntime = config.Duration(limit)
	root, err := os.MkdirTemp("", "andon-agent-")
	if err != nil {
		return err
	}
	v, err := o.try(ctx, root, name, p)
	if err = errors.Join(err, os.RemoveAll(root)); err != nil {
		return err
	}
	if o.json {
		err = view.JSON(o.Out, v)
	} else {
		o.printf("%s: %s after %.1f s (%s)\n", name, v.Outcome, v.Seconds, or(v.Exit, "not started"))
		for _, text := range []string{v.Summary, v.Error} {
			if text != "" {
				o.printf("  %s\n", view.Plain(text))
			}
		}
		if !v.Done {
			for line := range strings.Lines(v.Log) {
				o.printf("  | %s\n", view.Plain(strings.TrimRight(line, "\r\n")))
			}
		}
	}
	if err == nil && !v.Done {
		err = &kanban.Error{Code: kanban.Conflict, Msg: fmt.Sprintf("%s has not done its card: %s (%s)", name, or(string(v.Outcome), "it was not ended"), or(v.Exit, "not started"))}
	}
	return err
}

// try lets the profile do a card in a home of its own, and returns when nothing of
// that is running.
func (o *agentsTest) try(ctx context.Context, root, name string, p config.Profile) (v agentsTried, err error) {
	h, err := home.Find(home.Flags{Home: root}, func(string) string { return "" }, root)
	if err != nil {
		return v, err
	}
	place := h.Board(home.Default)
	db, err := place.Open(ctx, store.Options{})
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	b := board.New(db)
	t, _, err := b.Create(ctx, kanban.Draft{Title: "Say hello", Assignee: name, MaxRetries: 1,
		Body: "This is a trial of the way from the board to you and back. Report this card as done, with the summary: hello. Change no file."})
	if err != nil {
		return v, err
	}
	c, err := b.Claim(ctx, t.ID, kanban.Claimant{Lock: claimer(), TTL: time.Minute, MaxRuntime: time.Duration(p.MaxRuntime)})
	if err != nil {
		return v, err
	}
	began, ended := time.Now(), make(chan struct{})
	job := worker.Job{Root: root, Board: place, Task: t.ID, Run: c.Task.Run, Lock: claimer(), Profile: p, TTL: time.Minute, Busy: time.Minute, FailureLimit: 1}
	if err := worker.Launch(o.Self, job, func() { close(ended) }); err != nil {
		return v, err
	}
	select {
	case <-ended:
	case <-ctx.Done():
		// It ends within its grace, and everything it started with it.
		if run, err := b.Run(context.WithoutCancel(ctx), job.Run); err == nil && run != nil {
			_, _ = worker.End(context.WithoutCancel(ctx), place, *run, proc.Hostname(), 0)
		}
		<-ended
		return v, ctx.Err()
	}
	card, err := b.Show(ctx, t.ID, 0)
	if err != nil || len(card.Runs) == 0 {
		return v, err
	}
	run := card.Runs[len(card.Runs)-1]
	v = agentsTried{Profile: name, Done: card.Task.Status == kanban.Done, Outcome: run.Outcome, Exit: run.Worker.Exit, Summary: run.Summary,
		Error: run.Error, Seconds: time.Since(began).Seconds()}
	if log, err := os.ReadFile(worker.LogFile(place, t.ID)); err == nil {
		lines := slices.Collect(strings.Lines(string(log)))
		v.Log = strings.Join(lines[max(0, len(lines)-20):], "")
	}
	return v, nil
}
