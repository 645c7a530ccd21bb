package board

import (
	"context"
	"slices"

	"andon/internal/store"
	"andon/kanban"
)

// Assign gives the card to a profile or person; the empty name to nobody.
func (b *Board) Assign(ctx context.Context, id kanban.TaskID, to string) (kanban.Change, error) {
	return b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		return t.Assign(to)
	})
}

// assignSlice is how many cards are assigned at once: a worker's claim must not
// wait for thousands.
const assignSlice = 50

// AssignDefault gives those of the cards that are ready and nobody's to the
// profile that takes such cards, and tells which they were.
func (b *Board) AssignDefault(ctx context.Context, ids []kanban.TaskID, to string) (given []kanban.TaskID, err error) {
	for some := range slices.Chunk(ids, assignSlice) {
		var now []kanban.TaskID
		err := b.keepBoard(ctx, func(tx *store.Tx) error {
			now = nil
			tasks, err := tx.Some(ctx, some)
			if err != nil {
				return err
			}
			for _, t := range tasks {
				c, ok := t.AssignDefault(to)
				if !ok {
					continue // someone else gave it away meanwhile
				}
				if err := tx.Apply(ctx, &c); err != nil {
					return err
				}
				now = append(now, t.ID)
			}
			return nil
		})
		if err != nil {
			return given, err
		}
		given = append(given, now...)
	}
	return given, nil
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
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
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
