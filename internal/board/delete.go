package board

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"

	"andon/internal/store"
	"andon/kanban"
)

// ErrChanged is the error for a card that is not as it was kept any longer.
var ErrChanged = errors.New("the card changed meanwhile")

// Remains is every row of a card, to be kept before it is deleted.
func (b *Board) Remains(ctx context.Context, id kanban.TaskID) (rows json.RawMessage, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		rows, err = tx.Remains(ctx, id)
		return err
	})
	return rows, err
}

// Delete removes the card with all that belongs to it, and makes ready the cards
// that waited for it alone. Its rows must still be those that were kept, else
// nothing happens ([ErrChanged]); nil keeps nothing.
func (b *Board) Delete(ctx context.Context, id kanban.TaskID, d kanban.Deletion, kept json.RawMessage) (c kanban.Change, err error) {
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		t, err := tx.Task(ctx, id)
		if err != nil {
			return err
		}
		if c, err = t.Delete(d); err != nil {
			return err
		}
		if kept != nil {
			if rows, err := tx.Remains(ctx, id); err != nil || !bytes.Equal(rows, kept) {
				return errors.Join(ErrChanged, err)
			}
		}
		children, err := tx.Children(ctx, id)
		if err != nil {
			return err
		}
		var k *keeping
		if kept != nil {
			if k, err = b.keep(ctx, tx, &c); err != nil {
				return err
			}
			for _, child := range children {
				if err := k.card(ctx, child.ID); err != nil {
					return err
				}
			}
		}
		if err := tx.Apply(ctx, &c); err != nil {
			return err
		}
		if kept == nil { // what can be undone has the words of the card, too
			if err := tx.ForgetDeeds(ctx, id); err != nil {
				return err
			}
		}
		if _, err = b.promote(ctx, tx, children); err != nil {
			return err
		}
		return k.end(ctx, &c)
	})
	return c, err
}
