package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Cancel stops the work on a card at a person's word. The worker of run was must
// have been ended; how that went, x says.
func (b *Board) Cancel(ctx context.Context, id kanban.TaskID, by string, was kanban.RunID, x kanban.Termination) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		run, err := tx.Run(ctx, t.Run)
		if err != nil {
			return kanban.Change{}, err
		}
		return t.Cancel(by, was, x, run, tx.Now)
	})
}
