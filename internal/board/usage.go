package board

import (
	"context"
	"time"

	"andon/internal/store"
	"andon/kanban"
)

// Used records what the run has taken, as its agent's output has it. See
// [kanban.Task.Used].
func (b *Board) Used(ctx context.Context, run kanban.Run, u kanban.Expense) (kanban.Change, error) {
	return b.ofRun(ctx, run, func(_ *store.Tx, t kanban.Task, r kanban.Run) (kanban.Change, error) {
		return t.Used(r, u)
	})
}

// Spent sums up by profile and tenant what was taken since a time.
func (b *Board) Spent(ctx context.Context, since time.Time) (spent []kanban.Spending, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		spent, err = tx.Spent(ctx, since, time.Time{})
		return err
	})
	return spent, err
}

// UsageByCard sums up by card what was taken since a time, the dearest first.
func (b *Board) UsageByCard(ctx context.Context, since time.Time) (of []store.UsageOf, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		of, err = tx.UsageByCard(ctx, since)
		return err
	})
	return of, err
}

// Usage reads what each run has taken since a time, the oldest first.
func (b *Board) Usage(ctx context.Context, since time.Time) (all []kanban.Taken, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		all, err = tx.Usage(ctx, since)
		return err
	})
	return all, err
}
