package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Schedule puts the card off. See [kanban.Task.Schedule].
func (b *Board) Schedule(ctx context.Context, id kanban.TaskID, s kanban.Schedule) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		run, err := tx.Run(ctx, t.Run)
		if err != nil {
			return kanban.Change{}, err
		}
		return t.Schedule(s, run, tx.Now)
	})
}
