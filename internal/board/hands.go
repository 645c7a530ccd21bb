package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Held is a card in its worker's hands, with the run.
type Held = store.Held

// InHands reads the running cards with their current runs, the longest first.
func (b *Board) InHands(ctx context.Context) (held []Held, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		held, err = tx.Held(ctx, kanban.Running)
		return err
	})
	return held, err
}
