package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Promote makes the card ready at a person's word. With dryRun it only says
// whether that would be refused.
func (b *Board) Promote(ctx context.Context, id kanban.TaskID, p kanban.Promotion, dryRun bool) (kanban.Change, error) {
	ask := func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		parents, err := tx.Parents(ctx, id)
		if err != nil {
			return kanban.Change{}, err
		}
		return t.PromoteBy(p, parents)
	}
	if !dryRun {
		return b.decide(ctx, id, ask)
	}
	var c kanban.Change
	err := b.store.View(ctx, func(tx *store.Tx) error {
		t, err := tx.Task(ctx, id)
		if err != nil {
			return err
		}
		c, err = ask(tx, t)
		return err
	})
	return c, err
}

// PromoteDue makes ready every card that is due: scheduled ones whose hour has
// come, and what other programs left undone (verbs promote what they make due
// themselves). It writes only if it finds something.
func (b *Board) PromoteDue(ctx context.Context) ([]kanban.TaskID, error) {
	return b.promoteDue(ctx, func(tx *store.Tx) ([]kanban.Task, error) {
		return tx.Promotable(ctx, kanban.Sources(kanban.VerbPromote), kanban.Settled())
	})
}

// maxStirred bounds what [Board.PromoteSince] looks at; beyond it, to look at all
// cards is as well.
const maxStirred = 1000

// PromoteSince is [Board.PromoteDue] for who has looked at all cards before, when
// the newest event was after: of the others it looks at those that something
// happened to since, and at those that wait for such. It returns the newest event
// that it has seen.
func (b *Board) PromoteSince(ctx context.Context, after kanban.EventID) (promoted []kanban.TaskID, head kanban.EventID, err error) {
	promoted, err = b.promoteDue(ctx, func(tx *store.Tx) ([]kanban.Task, error) {
		if head, err = tx.Head(ctx); err != nil || head == after {
			return nil, err
		}
		ids, whole, err := tx.Touched(ctx, after, maxStirred)
		if err != nil {
			return nil, err
		}
		if !whole {
			return tx.Promotable(ctx, kanban.Sources(kanban.VerbPromote), kanban.Settled())
		}
		return tx.PromotableOf(ctx, kanban.Sources(kanban.VerbPromote), kanban.Settled(), ids)
	})
	return promoted, head, err
}

// promoteDue promotes those that are due of the waiting cards which find finds, and
// of the scheduled ones.
func (b *Board) promoteDue(ctx context.Context, find func(*store.Tx) ([]kanban.Task, error)) ([]kanban.TaskID, error) {
	found := false
	err := b.store.View(ctx, func(tx *store.Tx) error {
		scheduled, err := tx.Due(ctx, kanban.Scheduled, tx.Now)
		if err != nil {
			return err
		}
		waiting, err := find(tx)
		if err != nil {
			return err
		}
		gates, err := gates(ctx, tx, waiting)
		if err != nil {
			return err
		}
		found = len(scheduled) > 0
		for _, t := range waiting {
			_, ok := t.Promote(nil, gates[t.ID], b.policy(t)) // its parents are looked at when it is done
			found = found || ok
		}
		return nil
	})
	if err != nil || !found {
		return nil, err
	}
	var promoted []kanban.TaskID
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		promoted = nil
		scheduled, err := tx.Due(ctx, kanban.Scheduled, tx.Now)
		if err != nil {
			return err
		}
		for _, t := range scheduled {
			parents, err := tx.Parents(ctx, t.ID)
			if err != nil {
				return err
			}
			c, ok := t.Due(parents, tx.Now)
			if !ok {
				continue
			}
			if err := tx.Apply(ctx, &c); err != nil {
				return err
			}
			if c.Task.Status == kanban.Ready {
				promoted = append(promoted, t.ID)
			}
		}
		waiting, err := find(tx)
		if err != nil {
			return err
		}
		more, err := b.promote(ctx, tx, waiting)
		promoted = append(promoted, more...)
		return err
	})
	return promoted, err
}
