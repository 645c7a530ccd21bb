package cli

import (
	"context"

	"andon/internal/worker"
	"andon/kanban"
)

// cleaner removes the board's scratch folders.
func (s *session) cleaner() worker.Cleaner {
	return worker.Cleaner{Board: s.Board, Place: s.place, Root: s.home.Root}
}

// tidy removes the scratch folders that nobody needs after the change, if that
// finished a card. Where a worker is at it yet, its supervisor does so later. That
// the folder stays is no failure of the verb.
func (a *app) tidy(ctx context.Context, s *session, c kanban.Change) {
	if !c.Task.Status.Satisfied() || c.Was.Status == c.Task.Status {
		return
	}
	if err := s.cleaner().After(ctx, c.Task.ID, 0); err != nil {
		a.warn("%v; `andon gc` tells more", err)
	}
}
