package board

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"andon/internal/store"
	"andon/kanban"
)

// Create makes a card. If the draft carries an idempotency key that a card on
// the board has already, that card is returned and existed is true.
func (b *Board) Create(ctx context.Context, d kanban.Draft) (t kanban.Task, existed bool, err error) {
	if d, err = d.Clean(); err != nil {
		return kanban.Task{}, false, err
	}
	err = b.change(ctx, func(tx *store.Tx) error {
		t, existed, err = b.create(ctx, tx, d)
		return err
	})
	return t, existed, err
}

func (b *Board) create(ctx context.Context, tx *store.Tx, d kanban.Draft) (t kanban.Task, existed bool, err error) {
	return b.createOn(ctx, tx, d, b.Defaults)
}

func (b *Board) createOn(ctx context.Context, tx *store.Tx, d kanban.Draft, defaults kanban.Defaults) (t kanban.Task, existed bool, err error) {
	if d.IdempotencyKey != "" {
		t, ok, err := tx.Keyed(ctx, d.IdempotencyKey, kanban.Archived)
		for _, s := range d.Subs {
			if s.Task = t.ID; ok && err == nil {
				_, err = subscribe(ctx, tx, s)
			}
		}
		if ok || err != nil {
			return t, ok, err
		}
	}
	parents, err := tx.Some(ctx, d.Parents)
	if err != nil {
		return t, false, err
	}
	id, err := newID(ctx, tx)
	if err != nil {
		return t, false, err
	}
	c, err := kanban.Create(id, d.On(defaults, id), parents, tx.Now)
	if err != nil {
		return t, false, err
	}
	subs, err := tx.Subs(ctx, d.Parents)
	if err != nil {
		return t, false, err
	}
	c.Inherit(subs, tx.Now)
	for _, s := range d.Subs {
		s.Task = c.Task.ID
		c.Subs = append(c.Subs, kanban.Subscribe(nil, s, tx.Now))
	}
	if err := b.Scope.May(c.Verb, id); err != nil {
		return t, false, err
	}
	if err := tx.Apply(ctx, &c); err != nil {
		return t, false, err
	}
	return c.Task, false, nil
}

// newID draws an id that no card has. A board of a million cards draws a taken
// one every few thousand times.
func newID(ctx context.Context, tx *store.Tx) (kanban.TaskID, error) {
	for {
		var b [4]byte
		rand.Read(b[:])
		id := kanban.TaskID("t_" + hex.EncodeToString(b[:]))
		if taken, err := tx.Exists(ctx, id); !taken || err != nil {
			return id, err
		}
	}
}
