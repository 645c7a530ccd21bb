package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Block stops the card. See [kanban.Task.Block] for where it goes.
func (b *Board) Block(ctx context.Context, id kanban.TaskID, why kanban.Block) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		parents, run, err := facts(ctx, tx, t)
		if err != nil {
			return kanban.Change{}, err
		}
		return t.Block(why, parents, run, tx.Now)
	})
}

// Unblock lets the card go on. See [kanban.Task.Unblock].
func (b *Board) Unblock(ctx context.Context, id kanban.TaskID, u kanban.Unblock) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		parents, run, err := facts(ctx, tx, t)
		if err != nil {
			return kanban.Change{}, err
		}
		return t.Unblock(u, parents, run, tx.Now)
	})
}
