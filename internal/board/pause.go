package board

import (
	"context"
	"slices"

	"andon/internal/store"
	"andon/kanban"
)

// Pauses are what is paused by this board, the longest first.
func (b *Board) Pauses(ctx context.Context) (pauses []kanban.Pause, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		pauses, err = tx.Pauses(ctx)
		return err
	})
	return pauses, err
}

// Pause keeps cards of a scope from being started. A dispatcher hears of it as of
// any commit. Whoever paused it before is followed by who does now.
func (b *Board) Pause(ctx context.Context, p kanban.Pause) error {
	p, err := p.Clean()
	if err != nil {
		return err
	}
	return b.keepBoard(ctx, func(tx *store.Tx) error {
		p.Since = tx.Now
		return tx.Pause(ctx, p)
	})
}

// Resume ends the pauses of these scopes, of all if none is named, and tells which
// there were.
func (b *Board) Resume(ctx context.Context, scopes ...kanban.PauseScope) (ended []kanban.PauseScope, err error) {
	was, err := b.Pauses(ctx)
	if err != nil || !slices.ContainsFunc(was, func(p kanban.Pause) bool { return len(scopes) == 0 || slices.Contains(scopes, p.Scope) }) {
		return nil, err // nothing to write
	}
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		ended = nil
		pauses, err := tx.Pauses(ctx)
		for _, p := range pauses {
			if len(scopes) > 0 && !slices.Contains(scopes, p.Scope) {
				continue
			}
			if _, err := tx.Resume(ctx, p.Scope); err != nil {
				return err
			}
			ended = append(ended, p.Scope)
		}
		return err
	})
	return ended, err
}

// Running tells which cards are running, without their longer texts.
func (b *Board) Running(ctx context.Context) (tasks []kanban.Task, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		tasks, err = tx.Faces(ctx, kanban.Running)
		return err
	})
	return tasks, err
}

// Forgive says that the rate limits of a profile are over, of all profiles if none
// is named, and tells of which that was not known.
func (b *Board) Forgive(ctx context.Context, profile, actor string) (forgiven []string, err error) {
	read := func(tx *store.Tx) error {
		forgiven = nil
		limited, err := tx.Limited(ctx)
		for _, l := range limited {
			if profile == "" || l.Profile == profile {
				forgiven = append(forgiven, l.Profile)
			}
		}
		return err
	}
	if err := b.store.View(ctx, read); err != nil || len(forgiven) == 0 {
		return nil, err
	}
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		if err := read(tx); err != nil {
			return err
		}
		for _, p := range forgiven {
			if err := tx.Forgive(ctx, p, actor); err != nil {
				return err
			}
		}
		return nil
	})
	return forgiven, err
}
