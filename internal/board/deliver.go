package board

import (
	"context"
	"errors"
	"slices"
	"time"

	"andon/internal/store"
	"andon/kanban"
)

// Courier is a process that delivers what one target is to hear of. Platform is
// the target's kind, and Follow are the kinds of events that it hears of from
// every card. It has one notification in its hands at a time.
type Courier struct {
	Target   string
	Platform string
	Follow   []kanban.EventKind
	Holder   kanban.Holder
	Alive    func(kanban.Holder) bool // asked about other processes of this host
}

// Notice is a notification that was claimed.
type Notice struct {
	kanban.Hold
	Event kanban.Event
	Card  kanban.Task // as it is now; only its id if it was deleted
	Sub   *kanban.Sub // nil: from what the target follows
}

// Begin takes back what others claimed and will deliver no more, or this courier
// itself before it began anew, and notes from where on a target hears of what it
// follows: from now on if it did not before.
func (b *Board) Begin(ctx context.Context, c Courier) error {
	// A look first: most often there is nothing to write.
	var needed bool
	look := func(tx *store.Tx) (kanban.Target, []kanban.Hold, error) {
		t, err := tx.Target(ctx, c.Target)
		if err != nil {
			return t, nil, err
		}
		holds, err := tx.Holds(ctx, c.Target)
		holds = slices.DeleteFunc(holds, func(h kanban.Hold) bool { return !h.By.Abandoned(h.Since, c.Holder, c.Alive, tx.Now) })
		needed = len(holds) > 0 || t.Follows != (len(c.Follow) > 0)
		return t, holds, err
	}
	if err := b.store.View(ctx, func(tx *store.Tx) error { _, _, err := look(tx); return err }); err != nil || !needed {
		return err
	}
	return b.keepBoard(ctx, func(tx *store.Tx) error {
		t, holds, err := look(tx)
		if err != nil {
			return err
		}
		for _, h := range holds {
			if _, err := release(ctx, tx, h, true); err != nil {
				return err
			}
			if h.Task == "" && t.Cursor == h.To {
				t.Cursor = h.From
			}
		}
		if follows := len(c.Follow) > 0; follows != t.Follows {
			if t.Follows = follows; follows {
				if t.Cursor, err = tx.Head(ctx); err != nil {
					return err
				}
			}
			return tx.PutTarget(ctx, t)
		}
		return nil
	})
}

// release ends a claim and reports whether it still stood. With rewind its event
// is unheard again, unless somebody moved the cursor meanwhile.
func release(ctx context.Context, tx *store.Tx, h kanban.Hold, rewind bool) (stood bool, err error) {
	if stood, err = tx.DropHold(ctx, h); !stood || err != nil || !rewind {
		return stood, err
	}
	if h.Task == "" {
		_, err = tx.SwapTargetCursor(ctx, h.Target, h.To, h.From)
	} else {
		_, err = tx.SwapCursor(ctx, h.Sub(), h.To, h.From)
	}
	return stood, err
}

// Pending is what a courier finds before it claims anything.
type Pending struct {
	Target kanban.Target
	Any    bool           // there is something to hear
	Left   bool           // somebody claimed something and will not deliver it: see [Board.Begin]
	Head   kanban.EventID // the board's newest event when it was looked at
}

// Look tells whether a courier has anything to deliver that is later than after,
// and whether the target may be tried. It writes nothing.
func (b *Board) Look(ctx context.Context, c Courier, after kanban.EventID) (p Pending, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		if p.Target, err = tx.Target(ctx, c.Target); err != nil {
			return err
		}
		if p.Head, err = tx.Head(ctx); err != nil {
			return err
		}
		holds, err := tx.Holds(ctx, c.Target)
		if err != nil {
			return err
		}
		p.Left = slices.ContainsFunc(holds, func(h kanban.Hold) bool { return h.By.Abandoned(h.Since, c.Holder, c.Alive, tx.Now) })
		sub, followed, err := next(ctx, tx, c, p.Target, after)
		p.Any = sub != nil || followed != nil
		return err
	})
	return p, err
}

// next is what a courier delivers next: to a subscription, or of what the target
// follows, whichever happened first. Both are nil if there is nothing.
func next(ctx context.Context, tx *store.Tx, c Courier, t kanban.Target, after kanban.EventID) (*kanban.Sub, *kanban.Event, error) {
	sub, first, err := tx.Waiting(ctx, c.Platform, c.Target, kanban.Told, after)
	if err != nil || !t.Follows || len(c.Follow) == 0 {
		return sub, nil, err
	}
	events, err := tx.Events(ctx, store.EventFilter{After: max(t.Cursor, after), Kinds: c.Follow, Limit: 1})
	if err != nil || len(events) == 0 || sub != nil && first <= events[0].ID {
		return sub, nil, err
	}
	if held, err := tx.InHand(ctx, c.Target); held || err != nil {
		return sub, nil, err
	}
	return nil, &events[0], nil
}

// Take claims the next notification: its cursor is moved over it, and who has it
// in hand is recorded, in one transaction. Where only silent events were to be
// passed over, or there is nothing, or the target is not to be tried now, the
// notice is nil; more says that there may be others.
func (b *Board) Take(ctx context.Context, c Courier) (n *Notice, more bool, err error) {
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		n, more = nil, false
		t, err := tx.Target(ctx, c.Target)
		if err != nil || !t.Due(tx.Now) {
			return err
		}
		sub, followed, err := next(ctx, tx, c, t, 0)
		switch {
		case err != nil:
			return err
		case sub != nil:
			more = true
			n, err = takeSub(ctx, tx, c, *sub)
		case followed != nil:
			n, err = takeFollowed(ctx, tx, c, t, *followed)
		}
		if err != nil || n == nil {
			return err
		}
		n.By, n.Since = c.Holder, tx.Now
		n.Card, err = tx.Task(ctx, n.Event.Task)
		if errors.Is(err, kanban.ErrNotFound) {
			n.Card, err = kanban.Task{ID: n.Event.Task}, nil
		}
		if err != nil {
			return err
		}
		return tx.PutHold(ctx, n.Hold)
	})
	return n, more, err
}

func takeSub(ctx context.Context, tx *store.Tx, c Courier, sub kanban.Sub) (*Notice, error) {
	unseen, err := tx.Events(ctx, store.EventFilter{After: sub.Cursor, Task: sub.Task, Kinds: kanban.Told, Limit: followBatch})
	if err != nil {
		return nil, err
	}
	tell, to := kanban.Next(unseen)
	if moved, err := tx.SwapCursor(ctx, sub, sub.Cursor, to); err != nil || !moved {
		return nil, err
	}
	if tell == nil {
		return nil, settle(ctx, tx, sub)
	}
	return &Notice{Hold: kanban.Hold{Target: c.Target, Platform: sub.Platform, Task: sub.Task, Thread: sub.ThreadID, From: sub.Cursor, To: to},
		Event: *tell, Sub: &sub}, nil
}

func takeFollowed(ctx context.Context, tx *store.Tx, c Courier, t kanban.Target, e kanban.Event) (*Notice, error) {
	if moved, err := tx.SwapTargetCursor(ctx, c.Target, t.Cursor, e.ID); err != nil || !moved {
		return nil, err
	}
	return &Notice{Hold: kanban.Hold{Target: c.Target, From: t.Cursor, To: e.ID}, Event: e}, nil
}

// settle ends a subscription to a card that is over, once it has heard all.
func settle(ctx context.Context, tx *store.Tx, sub kanban.Sub) error {
	t, err := tx.Task(ctx, sub.Task)
	if errors.Is(err, kanban.ErrNotFound) {
		return nil // and its subscriptions with it
	}
	if err != nil || !t.Over() {
		return err
	}
	_, _, rest, err := unseen(ctx, tx, sub, kanban.Told)
	if err == nil && len(rest) == 0 {
		_, err = tx.RemoveSub(ctx, sub)
	}
	return err
}

// Settle records how the delivery of a claimed notification went. After a failure
// it is unheard again, and the target rests. It may be said twice.
func (b *Board) Settle(ctx context.Context, n Notice, d kanban.Delivery) (t kanban.Target, err error) {
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		stood, err := release(ctx, tx, n.Hold, d.Error != "")
		if err != nil {
			return err
		}
		if !stood && d.Error != "" { // counted already
			t, err = tx.Target(ctx, n.Target)
			return err
		}
		if d.Error == "" && n.Sub != nil {
			if err := settle(ctx, tx, *n.Sub); err != nil {
				return err
			}
		}
		t, err = b.fared(ctx, tx, n.Target, d)
		return err
	})
	return t, err
}

// GiveBack gives a claimed notification back as if it had never been claimed.
func (b *Board) GiveBack(ctx context.Context, n Notice) error {
	return b.keepBoard(ctx, func(tx *store.Tx) error {
		_, err := release(ctx, tx, n.Hold, true)
		return err
	})
}

// Revive records a delivery that was no notification and succeeded: a target that
// was dead or rested is tried again at once. It reports whether it was so.
func (b *Board) Revive(ctx context.Context, target string) (revived bool, err error) {
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		was, err := tx.Target(ctx, target)
		revived = was.Failures > 0
		if err != nil || !revived {
			return err
		}
		_, err = b.fared(ctx, tx, target, kanban.Delivery{})
		return err
	})
	return revived, err
}

func (b *Board) fared(ctx context.Context, tx *store.Tx, target string, d kanban.Delivery) (kanban.Target, error) {
	was, err := tx.Target(ctx, target)
	if err != nil {
		return was, err
	}
	is := was.After(d, b.jitter(), tx.Now)
	if is == was {
		return is, nil
	}
	return is, tx.PutTarget(ctx, is)
}

// Targets lists how the targets that are known here have fared, by name.
func (b *Board) Targets(ctx context.Context) (all []kanban.Target, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		all, err = tx.Targets(ctx)
		return err
	})
	return all, err
}

// Now is the board's clock.
func (b *Board) Now() time.Time { return b.store.Now() }
