package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/planner"
	"andon/internal/store"
	"andon/internal/view"
	"andon/kanban"
)

// planning is what specify and decompose share when they ask the planner.
type planning struct {
	*app
	decompose         bool
	plan, all, dryRun bool
	tenant            string
}

func (o *planning) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.plan, "plan", false, "ask the planner of andon.yaml")
	f.BoolVar(&o.all, "all", false, "ask the planner about every idea in triage")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what the planner would do, and change nothing")
	f.StringVar(&o.tenant, "tenant", "", "with --all: only ideas of a tenant")
}

// asked reports whether the planner is meant.
func (o *planning) asked() bool { return o.plan || o.all || o.dryRun }

// verdict is what became of one idea.
type verdict struct {
	task   kanban.Task // afterwards
	plan   kanban.Plan
	answer string // of the planner, if it was refused
	spec   bool   // it stays one card
	made   []kanban.Task
	web    kanban.Web // on a dry run
	title  *string    // the new one
}

// run asks about the cards that the call means. say shows what became of each.
func (o *planning) run(ctx context.Context, args []string, how kanban.Decomposition, say func(*session, kanban.TaskID, verdict, error) error) error {
	switch {
	case o.all && len(args) > 0:
		return usagef("--all and the id of a card are both given; leave one")
	case o.tenant != "" && !o.all:
		return usagef("--tenant is for --all")
	case !o.all && len(args) == 0 && o.own() == "":
		return usagef("which idea? name its id, or give --all")
	}
	return o.configured(ctx, func(s *session) error {
		if speaker, err := o.speaker(ctx, s); err != nil {
			return err
		} else if o.own() != "" || how.Author == "" {
			how.Author = speaker
		}
		var ids []kanban.TaskID
		if o.all {
			tasks, err := s.List(ctx, store.Filter{Statuses: []kanban.Status{kanban.Triage}, Tenant: o.tenant})
			if err != nil {
				return err
			}
			for _, t := range tasks {
				ids = append(ids, t.ID)
			}
		} else {
			var err error
			if ids, err = o.ids(args); err != nil {
				return err
			}
		}
		var failed []error
		for _, id := range ids {
			v, err := o.one(ctx, s, id, how)
			if ctx.Err() != nil {
				return errors.Join(err, ctx.Err())
			}
			if said := say(s, id, v, err); said != nil {
				return said
			}
			if err != nil {
				failed = append(failed, err)
				if v.answer != "" && !o.json {
					o.answered(v.answer)
				}
				if o.all {
					o.say(fmt.Errorf("%s: %w", id, err))
				}
			}
		}
		switch {
		case !o.all:
			return errors.Join(failed...)
		case len(ids) == 0 && o.json:
			return view.JSONLine(o.Out, map[string]int{map[bool]string{false: "specified", true: "decomposed"}[o.decompose]: 0, "total": 0})
		case len(ids) == 0:
			o.printf("no idea is in triage\n")
		case len(failed) == len(ids):
			return errSaid
		}
		return nil
	})
}

// shownAnswer is how much of a refused answer is shown, in bytes.
const shownAnswer = 4 << 10

// answered shows an answer that was refused: who is to mend a planner must see it.
func (o *planning) answered(answer string) {
	rest := ""
	if over := len(answer) - shownAnswer; over > 0 {
		answer, rest = strings.ToValidUTF8(answer[:shownAnswer], ""), fmt.Sprintf("\n  … and %d bytes more", over)
	}
	o.printf("The planner answered:\n  %s%s\n", strings.ReplaceAll(view.PlainLines(strings.TrimSpace(answer)), "\n", "\n  "), rest)
}

// one asks about a card, and does what the plan says unless it is a dry run.
func (o *planning) one(ctx context.Context, s *session, id kanban.TaskID, how kanban.Decomposition) (v verdict, err error) {
	t, err := s.Task(ctx, id)
	if err != nil {
		return v, err
	}
	verb := kanban.VerbSpecify
	if o.decompose {
		verb = kanban.VerbDecompose
	}
	if err := t.Allows(verb); err != nil { // before somebody pays for a plan
		return v, err
	}
	v.task = t
	p := planner.Planner{Config: s.config.Planner, Getenv: o.Env, Environ: os.Environ()}
	return plan(ctx, s.Board, s.config, p, t, o.decompose, o.dryRun, how, o.Now())
}

// plan asks the planner about a card and does what it says.
func plan(ctx context.Context, b *board.Board, cfg config.Config, p planner.Planner, t kanban.Task, decompose, dryRun bool, how kanban.Decomposition, now time.Time) (v verdict, err error) {
	v.task = t
	known, err := assignable(ctx, b, cfg)
	if err != nil {
		return v, err
	}
	v.plan, v.answer, err = p.Plan(ctx, planner.Ask{Task: t, Decompose: decompose, Assignees: known})
	if err != nil {
		return v, err
	}
	if v.spec = len(v.plan.Cards) == 0; v.spec {
		spec := v.plan.Specification(t, how.Author)
		var c kanban.Change
		if dryRun {
			c, err = t.Specify(spec, now)
		} else {
			c, err = b.Specify(ctx, t.ID, spec)
		}
		if err != nil {
			return v, err
		}
		if v.task = c.Task; c.Task.Title != t.Title {
			v.title = &c.Task.Title
		}
		v.answer = ""
		return v, nil
	}
	d := v.plan.Decomposition(how.Author)
	d.Hold = how.Hold
	if how.RootAssignee != "" {
		d.RootAssignee = how.RootAssignee
	}
	if dryRun {
		v.web, err = v.plan.Preview(t, d, now)
	} else {
		v.task, v.made, err = b.Decompose(ctx, t.ID, d)
	}
	if err == nil {
		v.answer = ""
	}
	return v, err
}

// assignable are those to whom a planner may give cards: the profiles, and whoever
// has cards of the board.
func assignable(ctx context.Context, b *board.Board, cfg config.Config) ([]planner.Assignee, error) {
	stats, err := b.Stats(ctx)
	if err != nil {
		return nil, err
	}
	var list []planner.Assignee
	for _, name := range slices.Sorted(maps.Keys(cfg.Profiles)) {
		list = append(list, planner.Assignee{Name: name, Description: cfg.Profiles[name].Description})
	}
	people := map[string]bool{}
	for _, c := range stats.Counts {
		if _, profile := cfg.Profiles[c.Assignee]; c.Assignee != "" && !profile {
			people[c.Assignee] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(people)) {
		list = append(list, planner.Assignee{Name: name})
	}
	return list, nil
}

// planView is a plan for scripts.
type planView struct {
	Title    string         `json:"title"`
	Body     string         `json:"body"`
	Assignee string         `json:"assignee"`
	Cards    []planCardView `json:"cards"`
}

type planCardView struct {
	Name     string   `json:"name"`
	Title    string   `json:"title"`
	Body     string   `json:"body"`
	Assignee string   `json:"assignee"`
	Parents  []string `json:"parents"`
}

// planView is nil but for a dry run.
func (o *planning) planView(v verdict) *planView {
	if !o.dryRun || v.task.ID == "" {
		return nil
	}
	t := v.task
	p := &planView{Title: t.Title, Body: t.Body, Assignee: t.Assignee, Cards: []planCardView{}}
	for i, c := range v.plan.Cards {
		view := planCardView(c)
		if i < len(v.web.Tasks) {
			made := v.web.Tasks[i] // as it would be stored
			view.Title, view.Body, view.Assignee = made.Title, made.Body, made.Assignee
		}
		if view.Parents == nil {
			view.Parents = []string{}
		}
		p.Cards = append(p.Cards, view)
	}
	if n := len(v.web.Tasks); n > 0 {
		p.Assignee = v.web.Tasks[n-1].Assignee
	}
	return p
}

// showPlan tells what a dry run found.
func (o *planning) showPlan(v verdict) {
	if !v.spec {
		what := "1 card and wait for it"
		if n := len(v.plan.Cards); n > 1 {
			what = fmt.Sprintf("%d cards and wait for them", n)
		}
		o.printf("%s would become %s; nothing is changed\n%s", v.task.ID, what,
			o.style().Tree(view.NewGraph(v.web, v.task.ID), o.Terminal || o.utf8()))
		return
	}
	o.printf("%s would be specified so; nothing is changed\nTitle:    %s\n", v.task.ID, view.Plain(v.task.Title))
	if v.task.Assignee != "" {
		o.printf("Assignee: %s\n", view.Plain(v.task.Assignee))
	}
	if v.task.Body != "" {
		o.printf("Body:\n  %s\n", strings.ReplaceAll(view.PlainLines(v.task.Body), "\n", "\n  "))
	}
}
