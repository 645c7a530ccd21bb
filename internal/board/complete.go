package board

import (
	"context"
	"errors"

	"andon/internal/store"
	"andon/kanban"
)

// Complete finishes the card and makes ready the cards that waited for it
// alone. What the report names is taken care of first ([Board.Deliver]): where
// that is not possible, the card stays as it is. See [kanban.Task.Complete].
//
// The report on a card that is held by a check only waits from then on: the change
// has a proposal, and the card stays where it is until somebody has run the check
// (package worker). Who cannot wait for that tells so.
func (b *Board) Complete(ctx context.Context, id kanban.TaskID, r kanban.Report) (c kanban.Change, err error) {
	again := true
	for again {
		again = false
		c, err = b.complete(ctx, id, r, &again)
	}
	return c, err
}

var errAgain = errors.New("whether the card has a check has changed meanwhile")

func (b *Board) complete(ctx context.Context, id kanban.TaskID, given kanban.Report, again *bool) (kanban.Change, error) {
	held := false
	if given.NamesPaths() { // whose delivery comes before the transaction, and is for nothing if the report must wait
		if err := b.store.View(ctx, func(tx *store.Tx) (err error) {
			t, err := tx.Task(ctx, id)
			if err == nil {
				_, held, err = b.judged(ctx, tx, t, given)
			}
			return err
		}); err != nil {
			return kanban.Change{}, err
		}
	}
	r, discard := given, func() {}
	if !held {
		var err error
		if r, discard, err = b.deliver(ctx, id, given); err != nil {
			return kanban.Change{}, err
		}
	}
	c, err := b.decide(ctx, id, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		*again = false
		r, waits, err := b.judged(ctx, tx, t, r)
		switch {
		case err != nil:
			return kanban.Change{}, err
		case waits != held && given.NamesPaths():
			*again = true
			return kanban.Change{}, errAgain
		case waits:
			return b.proposal(ctx, tx, t, given)
		}
		return b.completion(ctx, tx, t, r)
	})
	discarded(err, discard)
	return c, err
}

// judged asks the rule whether the report must wait for a check.
func (b *Board) judged(ctx context.Context, tx *store.Tx, t kanban.Task, r kanban.Report) (kanban.Report, bool, error) {
	run, err := tx.Run(ctx, t.Run)
	if err != nil {
		return r, false, err
	}
	return t.Judged(r, b.checking(t, run), run)
}

// checking is how reports on the card are judged: by the profile of the run, also
// where the card was assigned to another since.
func (b *Board) checking(t kanban.Task, run *kanban.Run) kanban.Checking {
	if b.Checks == nil {
		return kanban.Checking{}
	}
	if run != nil && run.Open() && run.Profile != "" {
		return b.Checks(run.Profile)
	}
	return b.Checks(t.Assignee)
}

func (b *Board) proposal(ctx context.Context, tx *store.Tx, t kanban.Task, r kanban.Report) (kanban.Change, error) {
	open, err := tx.OpenProposals(ctx, t.ID)
	if err != nil {
		return kanban.Change{}, err
	}
	run, err := tx.Run(ctx, t.Run)
	if err != nil {
		return kanban.Change{}, err
	}
	w, err := witness(ctx, tx, t.ID, r)
	if err != nil {
		return kanban.Change{}, err
	}
	return t.Propose(r, open, run, w, tx.Now)
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
