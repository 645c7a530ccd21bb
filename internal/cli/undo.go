package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"andon/internal/trash"
	"andon/internal/view"
	"andon/kanban"
)

func newUndo(a *app) *cobra.Command {
	o := &undo{app: a}
	cmd := verb(words{
		use: "undo [N|ID]", group: "cards",
		short: "take back the last change that a person made",
		long: `Take back, for a day, what a person's command changed: edit, assign, reassign, link,
unlink, block, unblock, promote, schedule, archive, set-model, set-effort and delete;
of one command upon several cards all. A deleted card comes back whole, with its
history and its files, unless it was purged. Without a word the last change that is
not undone is meant; N is one of --list, a card's ID the last one of that card. An
undoing has a number too, and can be undone.

It is refused where a card has moved on since: nobody's later work is taken back.
What ended a worker's run cannot be undone; a deleted card that ran comes back
ready.`,
		example: `  andon undo --list
  andon undo
  andon undo 12 --dry-run
  andon undo t_1a2b3c4d`,
		exits: "there is nothing to undo, or a card has moved on",
	}, cobra.MaximumNArgs(1), o.run)
	f := cmd.Flags()
	f.BoolVar(&o.list, "list", false, "show what can be undone")
	f.BoolVar(&o.dryRun, "dry-run", false, "only say what would be undone")
	return cmd
}

type undo struct {
	*app
	list, dryRun bool
}

// deed is what scripts are told of a command that can be undone.
type deed struct {
	ID     int64           `json:"id"`
	MadeAt int64           `json:"made_at"`
	Actor  string          `json:"actor"`
	Verb   kanban.Verb     `json:"verb"`
	Cards  []kanban.TaskID `json:"cards"`
	Titles []string        `json:"titles"`
	Of     *int64          `json:"undo_of"`
	Undone bool            `json:"undone"`

	command string
}

func newDeed(deeds []kanban.Deed) deed {
	first := deeds[len(deeds)-1]
	d := deed{ID: first.ID, MadeAt: first.At.Unix(), Actor: first.Actor, Verb: first.Verb, Cards: []kanban.TaskID{}, Titles: []string{},
		command: first.Command}
	for _, one := range slices.Backward(deeds) {
		if !slices.Contains(d.Cards, one.Task) {
			d.Cards, d.Titles = append(d.Cards, one.Task), append(d.Titles, one.Effect.Title)
		}
		d.Undone = d.Undone || !one.Undone.IsZero()
	}
	if of := first.Effect.Of; of != 0 {
		d.Of = &of
	}
	return d
}

// line says what was done.
func (d deed) line() string {
	s := string(d.Verb)
	if d.Of != nil {
		s = fmt.Sprintf("undo of %d:", *d.Of)
	}
	for i, id := range d.Cards {
		if i == 5 {
			return s + fmt.Sprintf(" and %d more", len(d.Cards)-i)
		}
		s += " " + string(id)
	}
	if len(d.Cards) == 1 && d.Titles[0] != "" {
		s += fmt.Sprintf(" %q", trim(d.Titles[0], 40))
	}
	return s
}

func (o *undo) run(ctx context.Context, args []string) error {
	if o.list && (len(args) > 0 || o.dryRun) {
		return usagef("--list goes alone")
	}
	if o.own() != "" {
		return &kanban.Error{Code: kanban.Denied, Msg: "undo: a worker cannot undo what people did", Hint: "comment on the card instead"}
	}
	_, place, err := o.find()
	if err != nil {
		return err
	}
	if err := there(ctx, place); err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		commands, err := s.Deeds(ctx)
		if err != nil {
			return err
		}
		deeds := []deed{}
		for _, c := range commands {
			deeds = append(deeds, newDeed(c))
		}
		if o.list {
			return o.show(deeds)
		}
		d, err := o.choose(deeds, args)
		if err != nil {
			return err
		}
		return o.undo(ctx, s, d)
	})
}

func (o *undo) show(deeds []deed) error {
	if o.json {
		return view.JSON(o.Out, deeds)
	}
	if len(deeds) == 0 {
		o.printf("(nothing to undo)\n")
	}
	for _, d := range deeds {
		undone := ""
		if d.Undone {
			undone = "  (undone)"
		}
		o.printf("%4d  %s  %s  %s%s\n", d.ID, time.Unix(d.MadeAt, 0).In(o.Zone).Format("2006-01-02 15:04:05"), view.Plain(d.Actor), view.Plain(d.line()), undone)
	}
	return nil
}

// choose finds the command that is meant.
func (o *undo) choose(deeds []deed, args []string) (deed, error) {
	meant := func(d deed) bool { return d.Verb != kanban.VerbUndo && !d.Undone }
	what := "there is nothing to undo"
	if len(args) > 0 {
		word := strings.TrimSpace(args[0])
		n, err := strconv.ParseInt(word, 10, 64)
		switch {
		case err == nil && n > 0:
			meant = func(d deed) bool { return d.ID == n }
			what = fmt.Sprintf("there is no change %d that could be undone", n)
		case err == nil || word == "":
			return deed{}, usagef("%q is neither the number of a change nor the id of a card", args[0])
		default:
			all := meant
			meant = func(d deed) bool { return all(d) && slices.Contains(d.Cards, kanban.TaskID(word)) }
			what = fmt.Sprintf("there is nothing to undo of a card %s", word)
		}
	}
	if i := slices.IndexFunc(deeds, meant); i >= 0 {
		return deeds[i], nil
	}
	return deed{}, &kanban.Error{Code: kanban.NotFound, Err: kanban.ErrNotFound, Msg: "undo: " + what, Hint: "`andon undo --list` shows what can be undone, for a day"}
}

func (o *undo) undo(ctx context.Context, s *session, d deed) (err error) {
	files := map[kanban.TaskID]*trash.Restored{}
	restore := func(changes []kanban.Change) error {
		for _, c := range changes {
			id := c.Undoes.Task
			if c.Undoes.Verb != kanban.VerbDelete || files[id] != nil {
				continue
			}
			var err error
			if files[id], err = trash.Restore(s.place, id); err != nil {
				delete(files, id)
				return fmt.Errorf("undo %d: %w", d.ID, err)
			}
		}
		return nil
	}
	changes, err := s.Undo(ctx, d.command, o.dryRun, restore)
	if err != nil {
		if !errors.Is(err, kanban.ErrUnknown) { // the rows may be back
			for _, f := range files {
				err = errors.Join(err, f.Back())
			}
		}
		return err
	}
	for id, f := range files {
		if err := f.Forget(); err != nil {
			o.warn("%s is back, but a copy stays in the trash: %v", id, err)
		}
	}
	var again *int64
	if !o.dryRun {
		commands, err := s.Deeds(ctx)
		if err != nil {
			return err
		}
		for _, c := range commands {
			if c[0].Command == s.Journal.Command {
				again = &c[len(c)-1].ID
			}
		}
	}
	if o.json {
		v := struct {
			deed
			DryRun bool        `json:"dry_run"`
			Redo   *int64      `json:"redo"` // the number of this undoing; null where it cannot be undone
			Tasks  []view.Task `json:"tasks"`
		}{deed: d, DryRun: o.dryRun, Redo: again, Tasks: []view.Task{}}
		v.Undone = v.Undone || !o.dryRun
		for _, c := range changes {
			v.Tasks = append(v.Tasks, view.NewTask(c.Task))
		}
		return view.JSON(o.Out, v)
	}
	did, more := "Undone", ""
	if o.dryRun {
		did = "Would undo"
	} else if again != nil {
		more = fmt.Sprintf(" (`andon undo %d` does it again)", *again)
	}
	o.printf("%s %d: %s%s\n", did, d.ID, view.Plain(d.line()), more)
	return nil
}
