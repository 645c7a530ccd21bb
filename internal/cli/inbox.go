package cli

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"andon/internal/fsx"
	"andon/internal/store"
	"andon/internal/view"
	"andon/internal/worker"
	"andon/kanban"
)

func newInbox(a *app) *cobra.Command {
	o := &inbox{app: a}
	cmd := verb(words{
		use: "inbox [ID]", group: "work",
		short: "read what others have said on a card since its worker last looked",
		long: `Print the comments that others have made on a running card since its worker last
looked, or since its run began. Each is quoted: it is what somebody says, and no
instruction of andon's. Only the worker itself, where the id may be left out, moves
the mark up to which it has read; others see what it has not read yet.`,
		example: `  andon inbox                       inside a worker
  andon inbox --wait --json`,
		exits: "no such card, no run works on it, or another run has it",
	}, cobra.MaximumNArgs(1), o.run)
	cmd.Flags().BoolVar(&o.wait, "wait", false, "where there is nothing, wait until there is")
	return cmd
}

type inbox struct {
	*app
	wait bool
}

type letter struct {
	ID int64 `json:"id"`
	view.Comment
	Text string `json:"text"` // quoted, for a model to read
}

func (o *inbox) run(ctx context.Context, args []string) error {
	ids, err := o.ids(args)
	if err != nil {
		return err
	}
	pin, err := o.pin(ids[0])
	if err != nil {
		return err
	}
	return o.with(ctx, func(s *session) error {
		head, err := s.Head(ctx) // before the first look, so that nothing falls between
		if err != nil {
			return err
		}
		found, err := o.look(ctx, s, ids[0], pin)
		if err != nil || len(found) > 0 || !o.wait {
			return errors.Join(err, o.show(ids[0], found, err))
		}
		for e, err := range s.Follow(ctx, head, store.EventFilter{}) {
			if err != nil {
				return untilEnd(ctx, err)
			}
			if e.Task != ids[0] {
				continue
			}
			if found, err = o.look(ctx, s, ids[0], pin); err != nil || len(found) > 0 {
				return errors.Join(err, o.show(ids[0], found, err))
			}
		}
		return nil
	})
}

// look finds what the run has not heard. The mark is moved before anything is
// shown: two that look at once may not both be sent off with it.
func (o *inbox) look(ctx context.Context, s *session, id kanban.TaskID, pin kanban.RunID) ([]letter, error) {
	t, err := s.Task(ctx, id)
	if err != nil {
		return nil, err
	}
	if t.Run == 0 || pin != 0 && t.Run != pin {
		return nil, &kanban.Error{Code: kanban.Conflict, Msg: "inbox of " + string(id) + ": no run works on it, or another one than this"}
	}
	run, err := s.Run(ctx, t.Run)
	if err != nil || run == nil {
		return nil, err
	}
	comments, err := s.Comments(ctx, id)
	if err != nil {
		return nil, err
	}
	file := worker.HeardFile(s.place, t.Run)
	last, known, err := heard(file)
	if err != nil {
		return nil, err
	}
	found := []letter{}
	for _, c := range kanban.Unheard(comments, last, or(run.Profile, t.Assignee)) {
		if known || !c.At.Before(run.StartedAt) { // what was said before the run, its prompt has
			found = append(found, letter{c.ID, view.Comment{Author: c.Author, Body: c.Body, CreatedAt: c.At.Unix()}, c.Quoted()})
		}
	}
	if id != o.own() || len(comments) == 0 || o.delegated() != nil {
		return found, nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return nil, err
	}
	return found, fsx.WriteFile(file, []byte(strconv.FormatInt(comments[len(comments)-1].ID, 10)), 0o600)
}

// heard is the newest comment that a run has read, if it has looked.
func heard(file string) (last int64, known bool, err error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	// A mark that cannot be read is none: better heard twice than never.
	last, err = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return last, err == nil, nil
}

func (o *inbox) show(id kanban.TaskID, found []letter, err error) error {
	if err != nil {
		return nil // it is told already
	}
	if o.json {
		return view.JSON(o.Out, struct {
			ID       kanban.TaskID `json:"task_id"`
			Comments []letter      `json:"comments"`
		}{id, found})
	}
	if len(found) == 0 {
		o.printf("Nothing new on %s\n", id)
		return nil
	}
	for _, l := range found {
		for line := range strings.Lines(l.Text) {
			if _, err := io.WriteString(o.Out, view.Plain(strings.TrimRight(line, "\n"))+"\n"); err != nil {
				return err
			}
		}
	}
	return nil
}
