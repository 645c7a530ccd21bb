package board

import (
	"context"
	"fmt"
	"slices"

	"andon/internal/store"
	"andon/kanban"
)

// Swarm makes the cards of a swarm, all or none. If its key is that of a swarm on
// the board, that one is the answer.
func (b *Board) Swarm(ctx context.Context, s kanban.Swarm) (made kanban.Topology, existed bool, err error) {
	if s, err = s.Clean(); err != nil {
		return made, false, err
	}
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		made, existed, err = b.swarm(ctx, tx, s)
		return err
	})
	return made, existed, err
}

func (b *Board) swarm(ctx context.Context, tx *store.Tx, s kanban.Swarm) (made kanban.Topology, existed bool, err error) {
	add := func(d kanban.Draft) (t kanban.Task, was bool, err error) {
		if d, err = d.Clean(); err != nil {
			return t, false, err
		}
		return b.create(ctx, tx, d)
	}
	root, existed, err := add(s.Root())
	if err != nil {
		return made, false, err
	}
	if existed {
		comments, err := tx.Comments(ctx, root.ID)
		if err != nil {
			return made, true, err
		}
		made, ok := kanban.FindTopology(comments)
		if !ok {
			err = &kanban.Error{Code: kanban.Conflict, Err: kanban.ErrConflict,
				Msg:  fmt.Sprintf("the idempotency key %q is that of %s, which is no swarm", s.IdempotencyKey, root.ID),
				Hint: "give another key, or archive that card"}
		}
		return made, true, err
	}
	begun, err := root.Complete(s.Begun(), nil, kanban.Witness{}, tx.Now)
	if err != nil {
		return made, false, err
	}
	if err := b.apply(ctx, tx, &begun); err != nil {
		return made, false, err
	}
	made.Root = root.ID
	for i := range s.Workers {
		w, _, err := add(s.Worker(i, root.ID))
		if err != nil {
			return made, false, fmt.Errorf("worker %d: %w", i+1, err)
		}
		made.Workers = append(made.Workers, w.ID)
	}
	verifier, _, err := add(s.Verify(root.ID, slices.Clone(made.Workers)))
	if err != nil {
		return made, false, err
	}
	last, _, err := add(s.Synthesize(root.ID, verifier.ID))
	if err != nil {
		return made, false, err
	}
	made.Verifier, made.Synthesizer = verifier.ID, last.ID
	note, err := begun.Task.Comment(s.CreatedBy, made.Note(), tx.Now)
	if err != nil {
		return made, false, err
	}
	return made, false, b.apply(ctx, tx, &note)
}
