package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Assign gives the card to a profile or person; the empty name to nobody.
func (b *Board) Assign(ctx context.Context, id kanban.TaskID, to string) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		return t.Assign(to)
	})
}

// Taking is how a card is taken from its worker before it is given to another.
// The worker of run Was must have been ended; how that went, Ended says.
type Taking struct {
	Reason string
	Was    kanban.RunID
	Ended  kanban.Termination
}

// Reassign is Assign, and takes the card from its worker first if from is not
// nil and it has one. Both happen or neither.
func (b *Board) Reassign(ctx context.Context, id kanban.TaskID, to string, from *Taking) (c kanban.Change, reclaimed bool, err error) {
	err = b.store.Update(ctx, func(tx *store.Tx) error {
		reclaimed = false
		t, err := tx.Task(ctx, id)
		if err != nil {
			return err
		}
		if from != nil && t.Status == kanban.Running {
			run, err := tx.Run(ctx, t.Run)
			if err != nil {
				return err
			}
			if c, err = t.Reclaim(from.Reason, from.Was, from.Ended, run, tx.Now); err != nil {
				return err
			}
			if err := b.apply(ctx, tx, &c); err != nil {
				return err
			}
			t, reclaimed = c.Task, true
		}
		if c, err = t.Assign(to); err != nil {
			return err
		}
		return b.applyKept(ctx, tx, &c)
	})
	return c, reclaimed, err
}
