package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"andon/internal/view"
	"andon/kanban"
)

func newSpecify(a *app) *cobra.Command {
	o := &specify{app: a, planning: planning{app: a}}
	cmd := verb(words{
		use: "specify [ID]", group: "cards",
		short: "make a raw idea in triage a card to be worked on",
		long: `Say what an idea in triage turned out to be. The card leaves triage: it is ready,
or in todo while one of its parents is not finished. What changed is kept as a
comment. Without any flag the card is good as it is.

With --plan the planner of andon.yaml, a program or a model, says what the idea
is; --all asks it about every idea in triage, and --dry-run shows its answer and
changes nothing. What it answers is checked as a person's words are, and for
assignees of whom nobody knows; a card that has an assignee keeps it.`,
		example: `  andon specify t_1a2b3c4d --title "Draw a cover" --body-file cover.md --assignee ada
  andon specify t_1a2b3c4d
  andon specify t_1a2b3c4d --plan --dry-run
  andon specify --all --tenant press --json`,
		exits: "no such card, it is not in triage, or the planner gave no plan that could be taken (with --all: for no idea)",
	}, cobra.MaximumNArgs(1), o.run)
	f := cmd.Flags()
	f.StringVar(&o.title, "title", "", "what it is called now")
	f.StringVar(&o.body, "body", "", "what is to be done; - reads standard input")
	f.StringVar(&o.bodyFile, "body-file", "", "read the text from a file; - is standard input")
	f.StringVar(&o.assignee, "assignee", "", "profile or person that shall do it")
	f.StringVar(&o.author, "author", "", "who says it (default: the profile, else user)")
	o.planning.flags(cmd)
	o.changed = f.Changed
	return cmd
}

type specify struct {
	*app
	planning                                planning
	title, body, bodyFile, assignee, author string
	changed                                 func(flag string) bool
}

// specified is the answer for scripts, on one line.
type specified struct {
	TaskID   kanban.TaskID `json:"task_id"`
	OK       bool          `json:"ok"`
	Reason   *string       `json:"reason"`
	NewTitle *string       `json:"new_title"`
	DryRun   bool          `json:"dry_run,omitempty"`
	Plan     *planView     `json:"plan,omitempty"`   // of a dry run
	Answer   string        `json:"answer,omitempty"` // of the planner, if it was refused
}

func (o *specify) run(ctx context.Context, args []string) error {
	if o.planning.asked() {
		for _, flag := range []string{"title", "body", "body-file", "assignee"} {
			if o.changed(flag) {
				return usagef("--%s is your own word, and --plan asks for the planner's; leave one", flag)
			}
		}
		return o.planning.run(ctx, args, kanban.Decomposition{Author: o.author}, o.planned)
	}
	if len(args) == 0 {
		return usagef("which idea? name its id, or give --all to have the planner asked about all")
	}
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	spec := kanban.Specification{Author: o.author}
	if o.changed("title") {
		spec.Title = &o.title
	}
	if o.changed("assignee") {
		spec.Assignee = &o.assignee
	}
	body, err := o.text(o.body, o.bodyFile, o.changed)
	if err != nil {
		return err
	}
	if o.changed("body") || o.changed("body-file") {
		spec.Body = &body
	}
	return o.with(ctx, func(s *session) error {
		if speaker, err := o.speaker(ctx, s); err != nil {
			return err
		} else if o.own() != "" || spec.Author == "" {
			spec.Author = speaker
		}
		c, err := s.Specify(ctx, ids[0], spec)
		if o.json {
			v := specified{TaskID: ids[0], OK: err == nil}
			if err != nil {
				v.Reason = new(err.Error())
			} else if c.Task.Title != c.Was.Title {
				v.NewTitle = &c.Task.Title
			}
			return errors.Join(err, view.JSONLine(o.Out, v))
		}
		if err != nil {
			return err
		}
		var title *string
		if c.Task.Title != c.Was.Title {
			title = &c.Task.Title
		}
		o.specified(c.Task, title)
		return nil
	})
}

// specified tells what was done.
func (a *app) specified(t kanban.Task, title *string) {
	more := ""
	if title != nil {
		more = "  " + view.Plain(*title)
	}
	a.printf("Specified %s (%s)%s\n", t.ID, t.Status, more)
}

// planned shows what the planner made of an idea.
func (o *specify) planned(_ *session, id kanban.TaskID, v verdict, err error) error {
	switch {
	case o.json:
		s := specified{TaskID: id, OK: err == nil, NewTitle: v.title, DryRun: o.planning.dryRun, Plan: o.planning.planView(v), Answer: v.answer}
		if err != nil {
			s.Reason, s.Plan = new(err.Error()), nil
		}
		return view.JSONLine(o.Out, s)
	case err != nil:
	case o.planning.dryRun:
		o.planning.showPlan(v)
	default:
		o.specified(v.task, v.title)
	}
	return nil
}
