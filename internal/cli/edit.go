package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/kanban"
)

func newEdit(a *app) *cobra.Command {
	o := &edit{app: a}
	cmd := verb(words{
		use: "edit ID", group: "cards",
		short: "change a card, or what a finished one says",
		long: `Change the title, the body, the check, the priority, the due date or the resources
of a card that is not archived. Another title, body or check, or other resources,
make another task: its failures are forgotten, and one that
they had blocked goes on. With --result, change what a finished card and its last
run say; that goes by itself.

On a terminal, without any of these, the card is edited in $VISUAL or $EDITOR. What
others have changed meanwhile is not written over.`,
		example: `  andon edit t_1a2b3c4d --title "Write two letters" --priority 5
  andon edit t_1a2b3c4d --body-file letter.md
  andon edit t_1a2b3c4d --due "2027-01-04 17:00"
  andon edit t_1a2b3c4d --resource gpu --resource phone
  andon edit t_1a2b3c4d --result "in letters.txt" --summary "two letters"`,
		exits: "no such card, it is archived, or --result is given and it is not done",
	}, cobra.ExactArgs(1), o.run)
	f := cmd.Flags()
	f.StringVar(&o.title, "title", "", "another title")
	f.StringVar(&o.body, "body", "", "another text; - reads standard input")
	f.StringVar(&o.bodyFile, "body-file", "", "read the text from a file; - is standard input")
	f.Int64Var(&o.priority, "priority", 0, "higher is started first")
	f.StringVar(&o.due, "due", "", "by when it should be done: 2027-01-04 09:00, RFC 3339, +2d, or none")
	f.StringVar(&o.check, "check", "", "another command that must succeed before the card is done; empty: none")
	f.StringArrayVar(&o.resources, "resource", nil, "resource that it takes one of as it runs, instead of those it has (may be repeated; none: no resource)")
	f.StringVar(&o.result.Result, "result", "", "what came out")
	f.StringVar(&o.result.Summary, "summary", "", "what was done (with --result; default: the result)")
	f.StringVar(&o.metadata, "metadata", "", "facts for other workers, a JSON object (with --result)")
	o.changed = f.Changed
	return cmd
}

type edit struct {
	*app
	title, body, bodyFile, due, check string
	priority                          int64
	resources                         []string
	result                            kanban.ResultEdit
	metadata                          string
	changed                           func(flag string) bool
}

func (o *edit) run(ctx context.Context, args []string) error {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	words := o.changed("title") || o.changed("body") || o.changed("body-file") || o.changed("priority") || o.changed("due") || o.changed("check") || o.changed("resource")
	result := o.changed("result")
	switch {
	case !result && (o.changed("summary") || o.changed("metadata")):
		return usagef("--summary and --metadata go with --result")
	case result && words:
		return usagef("--result goes without --title, --body, --check, --priority, --due and --resource; edit twice")
	case !result && !words && o.Interactive:
		return o.inEditor(ctx, ids[0])
	case !result && !words:
		return usagef("what shall change? --title, --body, --check, --priority, --due, --resource or, of a finished card, --result")
	}
	do := o.words
	if result {
		do = o.results
	}
	change, err := do()
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		c, err := change(ctx, s, ids[0])
		if err != nil {
			return err
		}
		return o.tell(c.Task, "Edited %s", c.Task.ID)
	})
}

// inEditor lets a person change the words of the card.
func (o *edit) inEditor(ctx context.Context, id kanban.TaskID) error {
	var was kanban.Task
	if err := o.with(ctx, func(s *session) (err error) {
		was, err = s.Task(ctx, id)
		return err
	}); err != nil {
		return err
	}
	text := formOf(was).text("Card "+string(was.ID)+". What stands below the second rule is its body.", "Leave it as it is, or empty, and nothing happens.")
	file, filled, err := o.fillIn(text)
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // Ctrl-C was meant for the editor
	before, _ := parseForm(text)     // it reads what it wrote
	f, err := parseForm(filled)
	if err != nil {
		return kept(fmt.Errorf("edit %s: %w", id, err), file)
	}
	if f == before || strings.TrimSpace(filled) == "" {
		discard(file)
		return o.nothing("Nothing changed on %s", id)
	}
	var e kanban.Edit
	var to *string
	if f.Title != before.Title {
		e.Title = &f.Title
	}
	if f.Body != before.Body {
		e.Body = &f.Body
	}
	if f.Priority != before.Priority {
		e.Priority = &f.Priority
	}
	if f.Assignee != before.Assignee {
		to = new("")
		if f.Assignee != "" {
			if *to, err = kanban.ParseAssignee(f.Assignee); err != nil {
				return kept(err, file)
			}
		}
	}
	return o.with(ctx, func(s *session) error {
		t, err := s.Revise(ctx, was, e, to)
		if err != nil {
			return kept(err, file)
		}
		discard(file)
		return o.tell(t, "Edited %s", t.ID)
	})
}

type editing func(context.Context, *session, kanban.TaskID) (kanban.Change, error)

func (o *edit) words() (editing, error) {
	e := kanban.Edit{Worker: o.own()}
	if o.changed("check") {
		e.Check = &o.check
	}
	if o.changed("title") {
		e.Title = &o.title
	}
	if o.changed("priority") {
		e.Priority = &o.priority
	}
	if o.changed("due") {
		e.DueAt = new(time.Time)
		if !isNone(o.due) {
			at, err := o.parseDue(o.due, true)
			if err != nil {
				return nil, err
			}
			e.DueAt = &at
		}
	}
	body, err := o.text(o.body, o.bodyFile, o.changed)
	if err != nil {
		return nil, err
	}
	if o.changed("body") || o.changed("body-file") {
		e.Body = &body
	}
	if o.changed("resource") {
		if len(o.resources) == 1 && o.resources[0] == "none" {
			o.resources = nil
		}
		e.Resources = &o.resources
	}
	return func(ctx context.Context, s *session, id kanban.TaskID) (kanban.Change, error) {
		if s.unread != nil && len(o.resources) > 0 {
			return kanban.Change{}, s.unread
		}
		if err := s.haveResources(o.resources); err != nil {
			return kanban.Change{}, err
		}
		return s.Edit(ctx, id, e)
	}, nil
}

func (o *edit) results() (editing, error) {
	e := o.result
	if o.changed("metadata") {
		var err error
		if e.Metadata, err = parseObject(o.metadata); err != nil {
			return nil, usagef("--metadata: %v", err)
		}
	}
	return func(ctx context.Context, s *session, id kanban.TaskID) (kanban.Change, error) {
		return s.EditResult(ctx, id, e)
	}, nil
}

// isNone reports whether the value of a flag takes away what is there.
func isNone(s string) bool { return strings.EqualFold(strings.TrimSpace(s), "none") }

// text is what --body or --body-file give.
func (a *app) text(body, file string, changed func(flag string) bool) (string, error) {
	if file != "" && changed("body") {
		return "", usagef("--body and --body-file exclude each other")
	}
	if body == "-" {
		file, body = "-", ""
	}
	if file != "" {
		return a.readText(file)
	}
	return body, nil
}
