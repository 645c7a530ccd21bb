package board

import (
	"context"
	"time"

	"andon/internal/store"
	"andon/kanban"
)

// Placed records where the run works. See [kanban.Task.Placed].
func (b *Board) Placed(ctx context.Context, run kanban.Run, path, branch, tip string) (kanban.Change, error) {
	return b.ofRun(ctx, run, func(tx *store.Tx, t kanban.Task, r kanban.Run) (kanban.Change, error) {
		return t.Placed(r, path, branch, tip)
	})
}

// Occupant is a card with its runs, one of which may have a process yet.
type Occupant struct {
	Task kanban.Task
	Runs []kanban.Run
}

// Household is a card with those who may need its folder.
type Household struct {
	Occupant
	Children []Occupant
}

// Household reads a card with those who may need its folder besides those that
// were given the same one.
func (b *Board) Household(ctx context.Context, id kanban.TaskID) (h Household, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		t, err := tx.Task(ctx, id)
		if err == nil {
			h, err = household(ctx, tx, t)
		}
		return err
	})
	return h, err
}

// Households reads the card and its parents, whose folders may be needed no longer
// now that the card is finished.
func (b *Board) Households(ctx context.Context, id kanban.TaskID) (all []Household, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		all = nil
		t, err := tx.Task(ctx, id)
		if err != nil {
			return err
		}
		parents, err := tx.Parents(ctx, id)
		if err != nil {
			return err
		}
		for _, t := range append([]kanban.Task{t}, parents...) {
			h, err := household(ctx, tx, t)
			if err != nil {
				return err
			}
			all = append(all, h)
		}
		return nil
	})
	return all, err
}

func household(ctx context.Context, tx *store.Tx, t kanban.Task) (h Household, err error) {
	if h.Occupant, err = occupant(ctx, tx, t); err != nil {
		return h, err
	}
	children, err := tx.Children(ctx, t.ID)
	for _, c := range children {
		o, oerr := occupant(ctx, tx, c)
		if oerr != nil {
			return h, oerr
		}
		h.Children = append(h.Children, o)
	}
	return h, err
}

func occupant(ctx context.Context, tx *store.Tx, t kanban.Task) (o Occupant, err error) {
	o.Task = t
	if t.Status.Satisfied() { // an unfinished card needs no process to need a folder
		o.Runs, err = tx.Runs(ctx, t.ID)
	}
	return o, err
}

// Unfinished reads the cards that are not finished and have a path for their
// workspace, and besides the one with this id, if it is not finished. Of each
// only what tells where its workspace is may be known.
func (b *Board) Unfinished(ctx context.Context, id kanban.TaskID) (tasks []kanban.Task, err error) {
	var in []kanban.Status
	for _, s := range kanban.Statuses {
		if !s.Satisfied() {
			in = append(in, s)
		}
	}
	err = b.store.View(ctx, func(tx *store.Tx) error {
		if tasks, err = tx.Placed(ctx, in); err != nil {
			return err
		}
		some, err := tx.Some(ctx, []kanban.TaskID{id})
		for _, t := range some {
			if !t.Status.Satisfied() {
				tasks = append(tasks, t)
			}
		}
		return err
	})
	return tasks, err
}

// Places reads the cards of a kind of workspace; of each only what tells where its
// workspace is. finished leaves out those that are not.
func (b *Board) Places(ctx context.Context, kind kanban.WorkspaceKind, finished bool) (tasks []kanban.Task, err error) {
	in := kanban.Statuses
	if finished {
		in = kanban.Settled()
	}
	err = b.store.View(ctx, func(tx *store.Tx) error {
		tasks, err = tx.Places(ctx, kind, in)
		return err
	})
	return tasks, err
}

// FinishedAt is when the card was completed or, if it never was, archived; when it
// was made if the history no longer tells.
func (b *Board) FinishedAt(ctx context.Context, t kanban.Task) (at time.Time, err error) {
	if !t.CompletedAt.IsZero() {
		return t.CompletedAt, nil
	}
	err = b.store.View(ctx, func(tx *store.Tx) error {
		at = t.CreatedAt
		events, err := tx.Events(ctx, store.EventFilter{Task: t.ID, Kinds: []kanban.EventKind{kanban.EventArchived}, Limit: 1, Newest: true})
		if len(events) > 0 {
			at = events[0].At
		}
		return err
	})
	return at, err
}
