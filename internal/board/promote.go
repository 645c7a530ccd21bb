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

// PromoteDue makes ready every card that is due. Verbs promote what they make
// due themselves; this is for what other programs left undone. It writes only
// if it finds something.
func (b *Board) PromoteDue(ctx context.Context) ([]kanban.TaskID, error) {
	var candidates []kanban.Task
	read := func(tx *store.Tx) (err error) {
		candidates, err = tx.Promotable(ctx, kanban.Sources(kanban.VerbPromote), kanban.Settled())
		return err
	}
	if err := b.store.View(ctx, func(tx *store.Tx) error {
		if err := read(tx); err != nil {
			return err
		}
		due := candidates[:0]
		for _, t := range candidates {
			var gate kanban.Gate
			var err error
			if t.Status == kanban.Blocked {
				if gate, err = b.gate(ctx, tx, t.ID); err != nil {
					return err
				}
			}
			if _, ok := t.Promote(nil, gate, b.policy(t)); ok {
				due = append(due, t)
			}
		}
		candidates = due
		return nil
	}); err != nil || len(candidates) == 0 {
		return nil, err
	}
	var promoted []kanban.TaskID
	err := b.store.Update(ctx, func(tx *store.Tx) error {
		err := read(tx)
		if err == nil {
			promoted, err = b.promote(ctx, tx, candidates)
		}
		return err
	})
	return promoted, err
}
