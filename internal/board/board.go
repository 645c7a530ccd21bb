// Package board is what may be done with a board. Each verb has a file: it reads
// the facts, asks the rule in package kanban, and stores the answer, all in one
// transaction. Surfaces call it; nothing below it knows who asks.
package board

import (
	"context"
	"math/rand/v2"
	"slices"

	"andon/internal/store"
	"andon/kanban"
)

// Board is one open board. It is safe for use by many goroutines and beside
// other processes.
type Board struct {
	store *store.DB

	// Policy tells how failures of an assignee's cards are judged. Nil: by the
	// defaults. The jitter is the board's own.
	Policy func(assignee string) kanban.Policy

	// Checks tells how reports on the cards of a profile are judged. Nil: only by the
	// checks of the cards themselves.
	Checks func(profile string) kanban.Checking

	// Defaults are what the cards that are made get where they do not say. The
	// board's database knows nothing of them.
	Defaults kanban.Defaults

	// Deliver takes care of the artifacts that a report upon the card names: it copies
	// what would not last, and returns the report with the places where things are
	// from then on. discard removes the copies. Nil: there is no one who keeps files,
	// and a report that names some is refused. The board itself touches no file.
	Deliver func(ctx context.Context, t kanban.Task, r kanban.Report) (_ kanban.Report, discard func(), err error)

	// Scope bounds what may be done by who has this Board.
	Scope kanban.Scope

	// Journal is for whom changes are kept to be undone. Nil: for nobody.
	Journal *Journal

	// Jitter draws the part of a delay that is waited, in [0,1). Nil: at random.
	Jitter func() float64

	spending *spending
	streams  *streams
}

// New makes a board of an open database, which stays the caller's to close.
func New(db *store.DB) *Board { return &Board{store: db, spending: &spending{}, streams: &streams{}} }

// Path names the file of the board.
func (b *Board) Path() string { return b.store.Path() }

// decide is the one road by which a card changes: read it, ask the rule, store
// the answer, and promote what that made due. A refusal that leaves a mark is
// stored before it is returned.
func (b *Board) decide(ctx context.Context, id kanban.TaskID, ask func(*store.Tx, kanban.Task) (kanban.Change, error)) (kanban.Change, error) {
	var c kanban.Change
	err := b.change(ctx, func(tx *store.Tx) error {
		t, err := tx.Task(ctx, id)
		if err != nil {
			return err
		}
		if c, err = ask(tx, t); err != nil {
			return err
		}
		return b.applyKept(ctx, tx, &c)
	})
	if err != nil {
		return kanban.Change{}, err
	}
	return c, c.Refusal
}

// applyKept is apply, and keeps what a person may want to undo.
func (b *Board) applyKept(ctx context.Context, tx *store.Tx, c *kanban.Change) error {
	k, err := b.keep(ctx, tx, c)
	if err != nil {
		return err
	}
	if err := b.applyWith(ctx, tx, c, k); err != nil {
		return err
	}
	return k.end(ctx, c)
}

// facts are what most rules want to know besides the card: its parents, and the
// run it names, nil if that is none.
func facts(ctx context.Context, tx *store.Tx, t kanban.Task) (parents []kanban.Task, run *kanban.Run, err error) {
	if parents, err = tx.Parents(ctx, t.ID); err == nil {
		run, err = tx.Run(ctx, t.Run)
	}
	return parents, run, err
}

// apply stores a change and, within the same transaction, promotes the cards
// that it made due.
func (b *Board) apply(ctx context.Context, tx *store.Tx, c *kanban.Change) error {
	return b.applyWith(ctx, tx, c, nil)
}

func (b *Board) applyWith(ctx context.Context, tx *store.Tx, c *kanban.Change, k *keeping) error {
	if err := b.Scope.May(c.Verb, c.Was.ID); err != nil {
		return err
	}
	if err := tx.Apply(ctx, c); err != nil {
		return err
	}
	var due []kanban.Task
	switch {
	case c.Task.Status.Satisfied() && !c.Was.Status.Satisfied():
		children, err := tx.Children(ctx, c.Task.ID)
		if err != nil {
			return err
		}
		due = children
	case len(c.Unlinks) > 0, c.Verb == kanban.VerbAssign, c.Verb == kanban.VerbEdit, c.Verb == kanban.VerbSpecify: // the breaker, or triage, holds it no longer
		due = []kanban.Task{c.Task}
	}
	for _, t := range due {
		if t.ID == c.Task.ID {
			continue // it was remembered before it changed
		}
		if err := k.card(ctx, t.ID); err != nil {
			return err
		}
	}
	promoted, err := b.promote(ctx, tx, due)
	if err == nil && slices.Contains(promoted, c.Task.ID) {
		c.Task, err = tx.Task(ctx, c.Task.ID) // the caller is told where the card stands in the end
	}
	return err
}

// promote makes ready those of the cards that the rule says are due.
func (b *Board) promote(ctx context.Context, tx *store.Tx, tasks []kanban.Task) ([]kanban.TaskID, error) {
	gates, err := gates(ctx, tx, tasks)
	if err != nil {
		return nil, err
	}
	var promoted []kanban.TaskID
	for _, t := range tasks {
		if !t.Status.May(kanban.VerbPromote) {
			continue
		}
		parents, err := tx.Parents(ctx, t.ID)
		if err != nil {
			return nil, err
		}
		c, ok := t.Promote(parents, gates[t.ID], b.policy(t))
		if !ok {
			continue
		}
		if err := tx.Apply(ctx, &c); err != nil {
			return nil, err
		}
		promoted = append(promoted, t.ID)
	}
	return promoted, nil
}

// gates are those of the blocked ones among the cards.
func gates(ctx context.Context, tx *store.Tx, tasks []kanban.Task) (map[kanban.TaskID]kanban.Gate, error) {
	var ids []kanban.TaskID
	for _, t := range tasks {
		if t.Status == kanban.Blocked {
			ids = append(ids, t.ID)
		}
	}
	return gatesOf(ctx, tx, ids)
}

func gatesOf(ctx context.Context, tx *store.Tx, ids []kanban.TaskID) (map[kanban.TaskID]kanban.Gate, error) {
	newest, err := tx.Newest(ctx, ids, kanban.GateKinds())
	all := map[kanban.TaskID]kanban.Gate{}
	for id, n := range newest {
		all[id] = n.Gate()
	}
	return all, err
}

func (b *Board) policy(t kanban.Task) kanban.Policy {
	var p kanban.Policy
	if b.Policy != nil {
		p = b.Policy(t.Assignee)
	}
	p.Jitter = b.jitter()
	return p
}

func (b *Board) jitter() float64 {
	if b.Jitter == nil {
		return rand.Float64()
	}
	return b.Jitter()
}
