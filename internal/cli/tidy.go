package cli

import (
	"context"
	"errors"
	"io/fs"

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

// tidyOrphan removes the scratch folder of a card that is gone for good.
func (a *app) tidyOrphan(ctx context.Context, s *session, was kanban.Task) {
	folder, err := s.cleaner().Orphaned(ctx, was)
	if err == nil {
		err = folder.Remove()
	}
	if code := kanban.CodeOf(err); err == nil || code == kanban.Conflict || code == kanban.NotFound || errors.Is(err, fs.ErrNotExist) {
		return // it is gone, was never there, or somebody needs it
	}
	a.warn("%v", err)
}
