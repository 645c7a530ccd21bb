package board

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"andon/internal/store"
	"andon/kanban"
)

// Bring makes the cards of another tool that the board lacks, with their comments,
// and moves them to where they stood; all or none. A card that was brought before
// is left alone, wherever it stands by now. With dryRun it only says what would be
// made, or why it would be refused.
func (b *Board) Bring(ctx context.Context, in kanban.Bundle, dryRun bool) ([]Applied, error) {
	in, err := in.Clean()
	if err != nil {
		return nil, err
	}
	end := error(nil)
	if dryRun {
		end = errPreview
	}
	var done []Applied
	err = b.keepBoard(ctx, func(tx *store.Tx) error {
		done = nil
		ids := map[string]kanban.TaskID{}
		for _, c := range in.Cards {
			t, existed, err := tx.Keyed(ctx, c.Draft.IdempotencyKey, kanban.Gone)
			if err == nil && !existed {
				d := c.Draft
				d.Parents = slices.Clone(d.Parents)
				for _, p := range c.After {
					d.Parents = append(d.Parents, ids[p])
				}
				t, err = b.bring(ctx, tx, c, d)
			}
			if err != nil {
				return fmt.Errorf("card %q: %w", c.ID, err)
			}
			ids[c.ID] = t.ID
			done = append(done, Applied{Name: c.ID, Task: t, Created: !existed})
		}
		return end
	})
	if !errors.Is(err, end) {
		return nil, err
	}
	return done, nil
}

func (b *Board) bring(ctx context.Context, tx *store.Tx, c kanban.Brought, d kanban.Draft) (kanban.Task, error) {
	t, _, err := b.create(ctx, tx, d)
	if err != nil {
		return t, err
	}
	do := func(change kanban.Change, err error) error {
		if err == nil {
			err = b.apply(ctx, tx, &change)
			t = change.Task
		}
		return err
	}
	for _, r := range c.Remarks {
		if err := do(t.Comment(r.Author, r.Body, tx.Now)); err != nil {
			return t, err
		}
	}
	if p, ok := c.Early(t); ok {
		parents, err := tx.Parents(ctx, t.ID)
		if err != nil {
			return t, err
		}
		if err := do(t.PromoteBy(p, parents)); err != nil {
			return t, err
		}
	}
	switch c.Status {
	case kanban.Done:
		report := c.Report()
		w, err := witness(ctx, tx, t.ID, report)
		if err != nil {
			return t, err
		}
		return t, do(t.Complete(report, nil, w, tx.Now))
	case kanban.Review:
		err = do(t.RequestReview(c.Request(), nil, tx.Now))
	case kanban.Archived:
		err = do(t.Archive(nil, tx.Now))
	}
	return t, err
}
