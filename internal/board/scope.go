package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// This file is the one door to the board's transactions that write. Whatever
// somebody's scope forbids is refused here and in applyWith, by whichever surface
// it was asked.

// Authorised refuses a scope that has come to its end; only looking is meant.
func (b *Board) Authorised(ctx context.Context) error {
	if !b.Scope.Worker() || !b.Scope.Leased {
		return nil
	}
	return b.store.View(ctx, func(tx *store.Tx) error { return b.holds(ctx, tx) })
}

// change is for verbs upon cards. Each change is looked at by itself when it is
// stored, see [Board.applyWith].
func (b *Board) change(ctx context.Context, do func(*store.Tx) error) error {
	if b.Scope.ReadOnly {
		return b.Scope.Keep()
	}
	if !b.Scope.Worker() {
		return b.store.Update(ctx, do)
	}
	return b.store.Update(ctx, func(tx *store.Tx) error {
		if err := b.holds(ctx, tx); err != nil {
			return err
		}
		return do(tx)
	})
}

// keepBoard is for what is done to the board as a whole, and by those who keep it.
func (b *Board) keepBoard(ctx context.Context, do func(*store.Tx) error) error {
	if err := b.Scope.Keep(); err != nil {
		return err
	}
	return b.store.Update(ctx, do)
}

func (b *Board) holds(ctx context.Context, tx *store.Tx) error {
	own, err := tx.Task(ctx, b.Scope.Task)
	if err != nil && kanban.CodeOf(err) != kanban.NotFound {
		return err
	}
	return b.Scope.Holds(own, tx.Now)
}
