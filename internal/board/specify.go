package board

import (
	"context"
	"slices"

	"andon/internal/store"
	"andon/kanban"
)

// Specify takes the card out of triage, and makes it ready if nothing holds it.
// See [kanban.Task.Specify].
func (b *Board) Specify(ctx context.Context, id kanban.TaskID, s kanban.Specification) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) { return t.Specify(s, tx.Now) })
}

// Decompose breaks the card in triage up and returns it and its parts in the
// order given. Those that wait for nothing are ready. See
// [kanban.Task.Decompose].
func (b *Board) Decompose(ctx context.Context, id kanban.TaskID, d kanban.Decomposition) (root kanban.Task, parts []kanban.Task, err error) {
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		t, err := tx.Task(ctx, id)
		if err != nil {
			return err
		}
		var ids []kanban.TaskID
		for len(ids) < len(d.Parts) {
			part, err := newID(ctx, tx)
			if err != nil {
				return err
			}
			if !slices.Contains(ids, part) {
				ids = append(ids, part)
			}
		}
		subs, err := tx.Subs(ctx, []kanban.TaskID{id})
		if err != nil {
			return err
		}
		changes, err := t.Decompose(d, ids, subs, tx.Now)
		if err != nil {
			return err
		}
		parts = nil
		for i := range changes {
			if err := tx.Apply(ctx, &changes[i]); err != nil {
				return err
			}
			parts = append(parts, changes[i].Task)
		}
		root, parts = parts[len(ids)], parts[:len(ids)]
		if d.Hold {
			return nil
		}
		promoted, err := b.promote(ctx, tx, parts)
		if err != nil {
			return err
		}
		for i := range parts {
			if slices.Contains(promoted, parts[i].ID) {
				if parts[i], err = tx.Task(ctx, parts[i].ID); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return root, parts, err
}
