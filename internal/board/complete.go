package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Complete finishes the card and makes ready the cards that waited for it
// alone. What the report names is taken care of first ([Board.Deliver]): where
// that is not possible, the card stays as it is. See [kanban.Task.Complete].
func (b *Board) Complete(ctx context.Context, id kanban.TaskID, r kanban.Report) (kanban.Change, error) {
	r, discard, err := b.deliver(ctx, id, r)
	if err != nil {
		return kanban.Change{}, err
	}
	c, err := b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		return b.completion(ctx, tx, t, r)
	})
	discarded(err, discard)
	return c, err
}

func (b *Board) completion(ctx context.Context, tx *store.Tx, t kanban.Task, r kanban.Report) (kanban.Change, error) {
	run, err := tx.Run(ctx, t.Run)
	if err != nil {
		return kanban.Change{}, err
	}
	w, err := witness(ctx, tx, t.ID, r)
	if err != nil {
		return kanban.Change{}, err
	}
	return t.Complete(r, run, w, tx.Now)
}

func witness(ctx context.Context, tx *store.Tx, id kanban.TaskID, r kanban.Report) (w kanban.Witness, err error) {
	if w.Known, err = tx.Some(ctx, r.Named()); err != nil || len(r.Created) == 0 {
		return w, err
	}
	children, err := tx.Children(ctx, id)
	for _, c := range children {
		w.Children = append(w.Children, c.ID)
	}
	return w, err
}
