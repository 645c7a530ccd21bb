package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Heartbeat records a sign of life. See [kanban.Task.Heartbeat].
func (b *Board) Heartbeat(ctx context.Context, id kanban.TaskID, h kanban.Heartbeat) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		run, err := tx.Run(ctx, t.Run)
		if err != nil {
			return kanban.Change{}, err
		}
		return t.Heartbeat(h, run, tx.Now)
	})
}
