package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Archive puts the card away and makes ready the cards that waited for it alone.
func (b *Board) Archive(ctx context.Context, id kanban.TaskID) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		run, err := tx.Run(ctx, t.Run)
		if err != nil {
			return kanban.Change{}, err
		}
		return t.Archive(run, tx.Now)
	})
}
