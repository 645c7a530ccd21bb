package board

import (
	"context"

	"andon/internal/store"
	"andon/kanban"
)

// Brief reads what a worker of the card is told.
func (b *Board) Brief(ctx context.Context, id kanban.TaskID) (br kanban.Brief, err error) {
	err = b.store.View(ctx, func(tx *store.Tx) error {
		if br.Task, err = tx.Task(ctx, id); err != nil {
			return err
		}
		if br.Attachments, err = tx.Attachments(ctx, id); err != nil {
			return err
		}
		if br.Runs, err = tx.Runs(ctx, id); err != nil {
			return err
		}
		if br.Refused, err = tx.LastProposals(ctx, id, kanban.ProposalRefused, kanban.BriefRefused); err != nil {
			return err
		}
		if br.Comments, err = tx.Comments(ctx, id); err != nil {
			return err
		}
		parents, err := tx.Parents(ctx, id)
		if err != nil {
			return err
		}
		for _, p := range parents {
			if p.Status != kanban.Done {
				continue
			}
			run, err := tx.LastRun(ctx, p.ID, kanban.OutcomeCompleted)
			if err != nil {
				return err
			}
			br.Parents = append(br.Parents, kanban.BriefParent{Task: p, Run: run})
		}
		if br.Task.Assignee == "" {
			return nil
		}
		runs, err := tx.RecentRuns(ctx, br.Task.Assignee, kanban.OutcomeCompleted, id, kanban.BriefRecent)
		if err != nil {
			return err
		}
		for _, r := range runs {
			t, err := tx.Task(ctx, r.Task)
			if kanban.CodeOf(err) == kanban.NotFound {
				continue // deleted since
			}
			if err != nil {
				return err
			}
			br.Recent = append(br.Recent, kanban.BriefRun{Run: r, Title: t.Title})
		}
		return nil
	})
	return br, err
}
