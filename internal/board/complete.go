package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Complete finishes the card and makes ready the cards that waited for it
// alone. See [kanban.Task.Complete].
func (b *Board) Complete(ctx context.Context, id kanban.TaskID, r kanban.Report) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		run, err := tx.Run(ctx, t.Run)
		if err != nil {
			return kanban.Change{}, err
		}
		return t.Complete(r, run, tx.Now)
	})
}
