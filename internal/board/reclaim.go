package board

import (
	"context"
	"time"

	"andon/internal/store"
	"andon/kanban"
)

// Reclaim takes the card from its worker at a person's word. The worker of run
// was must have been ended; how that went, x says.
func (b *Board) Reclaim(ctx context.Context, id kanban.TaskID, reason string, was kanban.RunID, x kanban.Termination) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		run, err := tx.Run(ctx, t.Run)
		if err != nil {
			return kanban.Change{}, err
		}
		return t.Reclaim(reason, was, x, run, tx.Now)
	})
}

// Lapse takes the card back whose claim lapsed. See [kanban.Task.Lapsed].
func (b *Board) Lapse(ctx context.Context, run kanban.Run, l kanban.Lapse, timeout time.Duration, x kanban.Termination) (kanban.Change, error) {
	return b.ofRun(ctx, run, func(tx *store.Tx, t kanban.Task, r kanban.Run) (kanban.Change, error) {
		return t.Lapsed(l, timeout, x, r, tx.Now)
	})
}

// Extend lengthens the lapsed lease of a worker that is seen to be alive.
func (b *Board) Extend(ctx context.Context, run kanban.Run, ttl time.Duration) (kanban.Change, error) {
	return b.ofRun(ctx, run, func(tx *store.Tx, t kanban.Task, r kanban.Run) (kanban.Change, error) {
		return t.Extend(r, ttl, tx.Now)
	})
}

// Defer leaves the card with a worker that survived its end.
func (b *Board) Defer(ctx context.Context, run kanban.Run, reason string, x kanban.Termination) (kanban.Change, error) {
	return b.ofRun(ctx, run, func(tx *store.Tx, t kanban.Task, r kanban.Run) (kanban.Change, error) {
		return t.Defer(reason, x, r, tx.Now)
	})
}
