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
