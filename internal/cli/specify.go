package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"andon/internal/view"
	"andon/kanban"
)

func newSpecify(a *app) *cobra.Command {
	o := &specify{app: a}
	cmd := verb(words{
		use: "specify ID", group: "cards",
		short: "make a raw idea in triage a card to be worked on",
		long: `Say what an idea in triage turned out to be. The card leaves triage: it is ready,
or in todo while one of its parents is not finished. What changed is kept as a
comment. Without any flag the card is good as it is.`,
		example: `  andon specify t_1a2b3c4d --title "Draw a cover" --body-file cover.md --assignee ada
  andon specify t_1a2b3c4d`,
		exits: "no such card, or it is not in triage",
	}, cobra.ExactArgs(1), o.run)
	f := cmd.Flags()
	f.StringVar(&o.title, "title", "", "what it is called now")
	f.StringVar(&o.body, "body", "", "what is to be done; - reads standard input")
	f.StringVar(&o.bodyFile, "body-file", "", "read the text from a file; - is standard input")
	f.StringVar(&o.assignee, "assignee", "", "profile or person that shall do it")
	f.StringVar(&o.author, "author", "", "who says it (default: the profile, else user)")
	o.changed = f.Changed
	return cmd
}

type specify struct {
	*app
	title, body, bodyFile, assignee, author string
	changed                                 func(flag string) bool
}

// specified is the answer for scripts, on one line.
type specified struct {
	TaskID   kanban.TaskID `json:"task_id"`
	OK       bool          `json:"ok"`
	Reason   *string       `json:"reason"`
	NewTitle *string       `json:"new_title"`
}

func (o *specify) run(ctx context.Context, args []string) error {
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
		title := ""
		if c.Task.Title != c.Was.Title {
			title = "  " + view.Plain(c.Task.Title)
		}
		o.printf("Specified %s (%s)%s\n", c.Task.ID, c.Task.Status, title)
		return nil
	})
}
