package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Guard records that the past of a ready card keeps it from being started
// again, if that is so and not on record yet. See [kanban.Task.Guarded].
func (b *Board) Guard(ctx context.Context, id kanban.TaskID) (recorded bool, err error) {
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		recorded = false
		t, err := tx.Task(ctx, id)
		if err != nil {
			return err
		}
		pasts, err := tx.Pasts(ctx, []kanban.TaskID{id})
		if err != nil {
			return err
		}
		c, ok := t.Guarded(pasts[id], tx.Now)
		if !ok {
			return nil
		}
		recorded = true
		return tx.Apply(ctx, &c)
	})
	return recorded, err
}

// pasts reads the pasts of the ready cards that have one to speak of.
func pasts(ctx context.Context, tx *store.Tx) (map[kanban.TaskID]kanban.Past, error) {
	ids, err := tx.Guardable(ctx, kanban.Ready, kanban.OutcomeCompleted, tx.Now.Add(-kanban.SuccessRest), tx.Now.Add(-kanban.PullRest))
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	return tx.Pasts(ctx, ids)
}
