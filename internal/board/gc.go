package board

import (
	"context"
	"time"

	"andon/internal/store"
	"andon/kanban"
)

// slice is how many events are removed in one transaction: nobody who claims a
// card shall wait behind all of them.
const slice = 200

// OldEvents counts the events from before a time of cards that are finished.
func (b *Board) OldEvents(ctx context.Context, before time.Time) (n int, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		n, err = tx.CountOldEvents(ctx, before, kanban.Settled())
		return err
	})
	return n, err
}

// Forget removes the events from before a time of cards that are finished, and
// counts them; and what was kept of changes that cannot be undone any more, which has
// the words of cards that were deleted. What is removed when it fails stays removed.
func (b *Board) Forget(ctx context.Context, before time.Time) (total int, err error) {
	if err := b.keepBoard(ctx, func(tx *store.Tx) error { return tx.ForgetOldDeeds(ctx, tx.Now) }); err != nil {
		return 0, err
	}
	for {
		n := 0
		err := b.keepBoard(ctx, func(tx *store.Tx) error {
			ids, err := tx.OldEvents(ctx, before, kanban.Settled(), slice)
			n = len(ids)
			if err != nil || n == 0 {
				return err
			}
			return tx.Forget(ctx, ids)
		})
		if err != nil {
			return total, err
		}
		if total += n; n < slice {
			return total, nil
		}
	}
}
