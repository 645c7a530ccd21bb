package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// RequestReview sends the card to review. See [kanban.Task.RequestReview].
func (b *Board) RequestReview(ctx context.Context, id kanban.TaskID, r kanban.ReviewRequest) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		run, err := tx.Run(ctx, t.Run)
		if err != nil {
			return kanban.Change{}, err
		}
		return t.RequestReview(r, run, tx.Now)
	})
}

// ReopenReview sends a card in review back to be worked on. See
// [kanban.Task.ReopenReview].
func (b *Board) ReopenReview(ctx context.Context, id kanban.TaskID, r kanban.Reopening) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		parents, run, err := facts(ctx, tx, t)
		if err != nil {
			return kanban.Change{}, err
		}
		return t.ReopenReview(r, parents, run, tx.Now)
	})
}
