package board_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"andon/internal/board"
	"andon/kanban"
)

// writer takes cards through their lives, its own and those that it finds, and
// says each change once it is stored.
type writer struct {
	*board.Board
	random *rand.Rand
	lock   string
	last   kanban.TaskID // the newest card of its own
}

func soakWrite(ctx context.Context, b *board.Board, args []string) error {
	seed, err := strconv.ParseUint(args[0], 10, 64)
	if err != nil {
		return err
	}
	w := &writer{b, rand.New(rand.NewPCG(seed, 1)), fmt.Sprint("host:", os.Getpid()), ""}
	for {
		// Others do with any card what they like: to come too late is no failure.
		if err := w.life(ctx); err != nil && kanban.CodeOf(err) != kanban.Conflict {
			return err
		}
	}
}

func (w *writer) one(in int) bool { return w.random.IntN(in) == 0 }

func (w *writer) life(ctx context.Context) error {
	id, err := w.find(ctx)
	if err != nil {
		return err
	}
	if w.one(5) {
		if err := w.say(func() (kanban.Change, error) { return w.Comment(ctx, id, w.lock, "a remark") }); err != nil {
			return err
		}
	}
	var run kanban.Run
	if err := w.say(func() (kanban.Change, error) {
		c, err := w.Claim(ctx, id, kanban.Claimant{Lock: w.lock})
		if err == nil {
			run = c.Runs[len(c.Runs)-1]
		}
		return c, err
	}); err != nil {
		return err
	}
	if w.one(2) {
		if err := w.say(func() (kanban.Change, error) {
			return w.Started(ctx, run, w.lock, kanban.Worker{PID: 5, Start: "then"}, "/w")
		}); err != nil {
			return err
		}
	}
	for w.one(2) {
		if err := w.say(func() (kanban.Change, error) { return w.Heartbeat(ctx, id, kanban.Heartbeat{Run: run.ID}) }); err != nil {
			return err
		}
	}
	switch w.random.IntN(8) {
	case 0:
		if err := w.say(func() (kanban.Change, error) {
			return w.Block(ctx, id, kanban.Block{Kind: kanban.NeedsInput, Reason: "why", Author: w.lock, Run: run.ID})
		}); err != nil {
			return err
		}
		return w.say(func() (kanban.Change, error) { return w.Unblock(ctx, id, kanban.Unblock{}) })
	case 1:
		return w.say(func() (kanban.Change, error) {
			return w.Ended(ctx, run, kanban.Exit{Code: 1}, kanban.OnExitProtocol, nil)
		})
	case 2:
		return w.say(func() (kanban.Change, error) { return w.Archive(ctx, id) })
	}
	return w.say(func() (kanban.Change, error) {
		return w.Complete(ctx, id, kanban.Report{Summary: "done", Run: run.ID})
	})
}

// find makes a card, or finds one that waits or that another holds, perhaps one
// that was killed.
func (w *writer) find(ctx context.Context) (kanban.TaskID, error) {
	if w.one(4) {
		f, err := w.Floor(ctx)
		if err != nil {
			return "", err
		}
		if n := len(f.Running); n > 0 && w.one(2) {
			h := f.Running[w.random.IntN(n)]
			return h.Task.ID, w.say(func() (kanban.Change, error) {
				return w.Reclaim(ctx, h.Task.ID, "", h.Run.ID, kanban.Termination{})
			})
		}
		if n := len(f.Ready); n > 0 {
			return f.Ready[w.random.IntN(n)].ID, nil
		}
	}
	d := kanban.Draft{Title: "a card", Assignee: "ada"}
	if w.last != "" && w.one(4) {
		d.Parents = append(d.Parents, w.last)
	}
	begun := time.Now()
	t, _, err := w.Create(ctx, d)
	if err != nil {
		return "", err
	}
	w.last = t.ID
	_, err = fmt.Print(ack{verb: kanban.VerbCreate, task: t.ID, end: time.Now().UnixMicro(), took: time.Since(begun)})
	return t.ID, err
}

func (w *writer) say(do func() (kanban.Change, error)) error {
	begun := time.Now()
	c, err := do()
	if err != nil {
		return err
	}
	if len(c.Events) == 0 {
		return nil // how the agent of a run ended that another had taken back
	}
	e := c.Events[len(c.Events)-1]
	_, err = fmt.Print(ack{c.Verb, e.Task, e.Run, e.ID, time.Now().UnixMicro(), time.Since(begun)})
	return err
}
