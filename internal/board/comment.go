package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Comment adds a remark to the card.
func (b *Board) Comment(ctx context.Context, id kanban.TaskID, author, body string) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		return t.Comment(author, body, tx.Now)
	})
}
