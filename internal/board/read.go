package board

import (
	"context"
	"time"

	"andon/internal/store"
	"andon/kanban"
)

// List reads the cards that match f. It changes nothing.
func (b *Board) List(ctx context.Context, f store.Filter) (tasks []kanban.Task, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		tasks, err = tx.List(ctx, f)
		return err
	})
	return tasks, err
}

// Linked is List, with the links that the cards have with any other.
func (b *Board) Linked(ctx context.Context, f store.Filter) (tasks []kanban.Task, links []kanban.Link, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		if tasks, err = tx.List(ctx, f); err != nil {
			return err
		}
		ids := make([]kanban.TaskID, len(tasks))
		for i, t := range tasks {
			ids[i] = t.ID
		}
		links, err = tx.LinksAround(ctx, ids)
		return err
	})
	return tasks, links, err
}

// Newest reads the ids, statuses and titles of the newest cards; see
// [store.Tx.NewestCards].
func (b *Board) Newest(ctx context.Context, prefix string, statuses []kanban.Status, n int) (tasks []kanban.Task, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		tasks, err = tx.NewestCards(ctx, prefix, statuses, n)
		return err
	})
	return tasks, err
}

// Task reads one card.
func (b *Board) Task(ctx context.Context, id kanban.TaskID) (t kanban.Task, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		t, err = tx.Task(ctx, id)
		return err
	})
	return t, err
}

// Card is a card with all that belongs to it, as of one moment.
type Card struct {
	Task     kanban.Task
	Parents  []kanban.Task
	Children []kanban.Task
	Comments []kanban.Comment
	Events   []kanban.Event
	Runs     []kanban.Run

	Attachments []kanban.Attachment
}

// Show reads a card with its newest events, at most limit of them; zero is all.
func (b *Board) Show(ctx context.Context, id kanban.TaskID, limit int) (c Card, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		if c.Task, err = tx.Task(ctx, id); err != nil {
			return err
		}
		if c.Parents, err = tx.Parents(ctx, id); err != nil {
			return err
		}
		if c.Children, err = tx.Children(ctx, id); err != nil {
			return err
		}
		if c.Comments, err = tx.Comments(ctx, id); err != nil {
			return err
		}
		if c.Events, err = tx.Events(ctx, store.EventFilter{Task: id, Limit: limit, Newest: limit > 0}); err != nil {
			return err
		}
		if c.Attachments, err = tx.Attachments(ctx, id); err != nil {
			return err
		}
		c.Runs, err = tx.Runs(ctx, id)
		return err
	})
	return c, err
}

// Comments reads the remarks on a card, oldest first.
func (b *Board) Comments(ctx context.Context, id kanban.TaskID) (comments []kanban.Comment, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		if _, err := tx.Task(ctx, id); err != nil {
			return err
		}
		comments, err = tx.Comments(ctx, id)
		return err
	})
	return comments, err
}

// Runs reads the runs of a card, oldest first. A card that does not exist has none.
func (b *Board) Runs(ctx context.Context, id kanban.TaskID) (runs []kanban.Run, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		runs, err = tx.Runs(ctx, id)
		return err
	})
	return runs, err
}

// Run reads one run; nil if there is none with this number.
func (b *Board) Run(ctx context.Context, id kanban.RunID) (run *kanban.Run, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		run, err = tx.Run(ctx, id)
		return err
	})
	return run, err
}

// Counts counts all cards, the archived ones too.
func (b *Board) Counts(ctx context.Context) (map[kanban.Status]int, error) {
	counts := map[kanban.Status]int{}
	err := b.store.View(ctx, func(tx *store.Tx) error {
		clear(counts)
		s, err := tx.Stats(ctx, kanban.Ready, "")
		for _, c := range s.Counts {
			counts[c.Status] += c.N
		}
		return err
	})
	return counts, err
}

// Floor is what a dispatcher looks at: who is running, and who waits to.
type Floor struct {
	Running []store.Held
	Ready   []kanban.Task // without their longer texts, the most urgent first and then the oldest
	Next    time.Time     // when the next scheduled card goes on, or the next routine is due; zero if none by itself
	Served  []store.Served
	Pauses  []kanban.Pause
	Limited []store.Limited
	Spent   []kanban.Outlay

	// Pasts are of the ready cards that have one which may hold them back.
	Pasts map[kanban.TaskID]kanban.Past
}

// Floor reads what a dispatcher looks at, as of one moment, and what was spent since
// some times.
func (b *Board) Floor(ctx context.Context, since ...time.Time) (f Floor, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		if f.Running, err = tx.Held(ctx, kanban.Running); err != nil {
			return err
		}
		if f.Ready, err = tx.Queue(ctx, kanban.Ready); err != nil {
			return err
		}
		if f.Pasts, err = pasts(ctx, tx); err != nil {
			return err
		}
		if f.Next, err = tx.NextStart(ctx, kanban.Scheduled); err != nil {
			return err
		}
		routine, err := tx.NextRoutine(ctx)
		if err != nil {
			return err
		}
		if f.Next.IsZero() || !routine.IsZero() && routine.Before(f.Next) {
			f.Next = routine
		}
		if f.Served, err = tx.Served(ctx); err != nil {
			return err
		}
		if f.Pauses, err = tx.Pauses(ctx); err != nil {
			return err
		}
		if f.Limited, err = tx.Limited(ctx); err != nil {
			return err
		}
		f.Spent, err = b.spending.read(ctx, tx, since)
		return err
	})
	return f, err
}
