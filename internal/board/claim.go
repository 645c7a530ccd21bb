package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Claim opens a run of the card for the claimant. See [kanban.Task.Claim] for
// when it is refused.
func (b *Board) Claim(ctx context.Context, id kanban.TaskID, by kanban.Claimant) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		parents, dangling, err := facts(ctx, tx, t)
		if err != nil {
			return kanban.Change{}, err
		}
		return t.Claim(by, parents, dangling, tx.Now)
	})
}
