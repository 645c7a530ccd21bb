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
	var waiting, scheduled []kanban.Task
	read := func(tx *store.Tx) (err error) {
		if waiting, err = tx.Promotable(ctx, kanban.Sources(kanban.VerbPromote), kanban.Settled()); err != nil {
			return err
		}
		scheduled, err = tx.Due(ctx, kanban.Scheduled, tx.Now)
		return err
	}
	found := false
	if err := b.store.View(ctx, func(tx *store.Tx) error {
		if err := read(tx); err != nil {
			return err
		}
		found = len(scheduled) > 0
		for _, t := range waiting {
			var gate kanban.Gate
			var err error
			if t.Status == kanban.Blocked {
				if gate, err = b.gate(ctx, tx, t.ID); err != nil {
					return err
				}
			}
			_, ok := t.Promote(nil, gate, b.policy(t))
			found = found || ok
		}
		return nil
	}); err != nil || !found {
		return nil, err
	}
	var promoted []kanban.TaskID
	err := b.keepBoard(ctx, func(tx *store.Tx) error {
		promoted = nil
		if err := read(tx); err != nil {
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
		more, err := b.promote(ctx, tx, waiting)
		promoted = append(promoted, more...)
		return err
	})
	return promoted, err
}
