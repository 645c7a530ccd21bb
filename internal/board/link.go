package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Link makes child wait for parent. See [kanban.Task.Link].
func (b *Board) Link(ctx context.Context, l kanban.Link) (kanban.Change, error) {
	return b.decide(ctx, l.Child, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		return link(ctx, tx, t, l.Parent)
	})
}

func link(ctx context.Context, tx *store.Tx, child kanban.Task, parentID kanban.TaskID) (kanban.Change, error) {
	parent, err := tx.Task(ctx, parentID)
	if err != nil {
		return kanban.Change{}, err
	}
	below, err := tx.Below(ctx, child.ID)
	if err != nil {
		return kanban.Change{}, err
	}
	subs, err := tx.Subs(ctx, []kanban.TaskID{parentID})
	if err != nil {
		return kanban.Change{}, err
	}
	c, err := child.Link(parent, below)
	if err == nil {
		c.Inherit(subs, tx.Now)
	}
	return c, err
}

// Unlink makes child wait for parent no longer, and makes it ready if nothing
// else holds it.
func (b *Board) Unlink(ctx context.Context, l kanban.Link) (kanban.Change, error) {
	return b.decide(ctx, l.Child, func(tx *store.Tx, t kanban.Task) (kanban.Change, error) {
		links, err := tx.Links(ctx, []kanban.TaskID{t.ID})
		if err != nil {
			return kanban.Change{}, err
		}
		return t.Unlink(l.Parent, links)
	})
}
