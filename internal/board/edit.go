package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Edit changes the words and the priority of a card.
func (b *Board) Edit(ctx context.Context, id kanban.TaskID, e kanban.Edit) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) { return t.Edit(e) })
}

// Revise is [Board.Edit] by somebody who has read the card as was and written for
// a while, and gives it to another besides if to is not nil; both or neither. A
// field that others have changed meanwhile is not written over.
func (b *Board) Revise(ctx context.Context, was kanban.Task, e kanban.Edit, to *string) (now kanban.Task, err error) {
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		if now, err = tx.Task(ctx, was.ID); err != nil {
			return err
		}
		if err := now.Unchanged(was, e, to != nil); err != nil {
			return err
		}
		var steps []func() (kanban.Change, error)
		if e != (kanban.Edit{}) {
			steps = append(steps, func() (kanban.Change, error) { return now.Edit(e) })
		}
		if to != nil {
			steps = append(steps, func() (kanban.Change, error) { return now.Assign(*to) })
		}
		for _, step := range steps {
			c, err := step()
			if err != nil {
				return err
			}
			if err := b.apply(ctx, tx, &c); err != nil {
				return err
			}
			now = c.Task
		}
		return nil
	})
	return now, err
}

// Raise changes the priority of a card by so much, whatever it is meanwhile.
func (b *Board) Raise(ctx context.Context, id kanban.TaskID, by int64) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		p := t.Priority + by
		return t.Edit(kanban.Edit{Priority: &p})
	})
}

// EditResult mends what a finished card says.
func (b *Board) EditResult(ctx context.Context, id kanban.TaskID, e kanban.ResultEdit) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		last, err := tx.LastRun(ctx, id, kanban.OutcomeCompleted)
		if err != nil {
			return kanban.Change{}, err
		}
		return t.EditResult(e, last, tx.Now)
	})
}

// SetModel overrides the model and provider of the card's next runs.
func (b *Board) SetModel(ctx context.Context, id kanban.TaskID, model, provider string) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) { return t.SetModel(model, provider) })
}

// SetEffort overrides the reasoning effort of the card's next runs.
func (b *Board) SetEffort(ctx context.Context, id kanban.TaskID, effort string) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) { return t.SetEffort(effort) })
}

// Unguard lets a card be started again although its past speaks against it.
func (b *Board) Unguard(ctx context.Context, id kanban.TaskID, actor, reason string) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) { return t.Unguard(actor, reason) })
}
