package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Assign gives the card to a profile or person; the empty name to nobody.
func (b *Board) Assign(ctx context.Context, id kanban.TaskID, to string) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		return t.Assign(to)
	})
}
