package board

import (
	"context"
	"fmt"

	"andon/internal/store"
	"andon/kanban"
)

// Subscribe lets a chat or a target hear of a card from now on. Where it does
// already, what is said anew is changed. See [kanban.Subscribe].
func (b *Board) Subscribe(ctx context.Context, s kanban.Sub) (stored kanban.Sub, err error) {
	if s, err = s.Clean(); err != nil {
		return s, err
	}
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		if _, err := tx.Task(ctx, s.Task); err != nil {
			return err
		}
		stored, err = subscribe(ctx, tx, s)
		return err
	})
	return stored, err
}

func subscribe(ctx context.Context, tx *store.Tx, s kanban.Sub) (kanban.Sub, error) {
	have, err := tx.Sub(ctx, s)
	if err != nil {
		return s, err
	}
	s = kanban.Subscribe(have, s, tx.Now)
	err = tx.PutSub(ctx, &s, have)
	return s, err
}

// Unsubscribe ends a subscription. One that is not there is [kanban.ErrNotFound].
func (b *Board) Unsubscribe(ctx context.Context, s kanban.Sub) error {
	s, err := s.Clean()
	if err != nil {
		return err
	}
	return b.keepBoard(ctx, func(tx *store.Tx) error {
		have, err := tx.Sub(ctx, s)
		if err != nil {
			return err
		}
		if have == nil {
			return noSub(s)
		}
		_, err = tx.RemoveSub(ctx, *have)
		return err
	})
}

func noSub(s kanban.Sub) error {
	return &kanban.Error{Code: kanban.NotFound, Err: kanban.ErrNotFound, Msg: fmt.Sprintf("%s does not hear of %s", s.Where(), s.Task),
		Hint: "`andon notify list` shows who hears of what"}
}

// Subscriptions lists those that match f, oldest first.
func (b *Board) Subscriptions(ctx context.Context, f store.SubFilter) (subs []kanban.Sub, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		subs, err = tx.ListSubs(ctx, f)
		return err
	})
	return subs, err
}

// Unseen reads the events of the kinds, all where none are given, that the
// subscription has not heard of, and the cursor after them. It moves nothing.
// Where there is no such subscription the answer is zero and none.
func (b *Board) Unseen(ctx context.Context, s kanban.Sub, kinds []kanban.EventKind) (cursor kanban.EventID, events []kanban.Event, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		_, cursor, events, err = unseen(ctx, tx, s, kinds)
		return err
	})
	return cursor, events, err
}

func unseen(ctx context.Context, tx *store.Tx, s kanban.Sub, kinds []kanban.EventKind) (have *kanban.Sub, cursor kanban.EventID, events []kanban.Event, err error) {
	if have, err = tx.Sub(ctx, s); err != nil || have == nil {
		return nil, 0, nil, err
	}
	cursor = have.Cursor
	if events, err = tx.Events(ctx, store.EventFilter{After: cursor, Task: have.Task, Kinds: kinds}); len(events) > 0 {
		cursor = events[len(events)-1].ID
	}
	return have, cursor, events, err
}

// ClaimUnseen is [Board.Unseen] and moves the cursor over what it returns, in one
// transaction: of many who claim at once, one gets an event. Who cannot deliver
// it gives was back with [Board.Rewind].
func (b *Board) ClaimUnseen(ctx context.Context, s kanban.Sub, kinds []kanban.EventKind) (was, cursor kanban.EventID, events []kanban.Event, err error) {
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		have, after, found, err := unseen(ctx, tx, s, kinds)
		was, cursor, events = 0, after, found
		if err != nil || have == nil {
			return err
		}
		if was = have.Cursor; len(found) == 0 {
			return nil
		}
		moved, err := tx.SwapCursor(ctx, *have, was, cursor)
		if err == nil && !moved {
			err = fmt.Errorf("the cursor of %s moved beneath its own transaction", have.Where())
		}
		return err
	})
	return was, cursor, events, err
}

// Advance sets a subscription's cursor, also backwards. It reports whether there
// is such a subscription.
func (b *Board) Advance(ctx context.Context, s kanban.Sub, to kanban.EventID) (done bool, err error) {
	return b.cursor(ctx, s, func(tx *store.Tx, have kanban.Sub) (bool, error) { return tx.SetCursor(ctx, have, to) })
}

// Rewind gives a claim back: the cursor goes from where the claim put it to where
// it was. It reports false if it stands elsewhere by now.
func (b *Board) Rewind(ctx context.Context, s kanban.Sub, claimed, was kanban.EventID) (done bool, err error) {
	return b.cursor(ctx, s, func(tx *store.Tx, have kanban.Sub) (bool, error) { return tx.SwapCursor(ctx, have, claimed, was) })
}

func (b *Board) cursor(ctx context.Context, s kanban.Sub, move func(*store.Tx, kanban.Sub) (bool, error)) (done bool, err error) {
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		have, err := tx.Sub(ctx, s)
		if done = false; err != nil || have == nil {
			return err
		}
		done, err = move(tx, *have)
		return err
	})
	return done, err
}
