package board

import (
	"context"
	"slices"

	"andon/internal/store"
	"andon/kanban"
)

// Diagnosis is a card with its signs of trouble.
type Diagnosis struct {
	Task  kanban.Task
	Found []kanban.Diagnostic // at least one
}

// Clinic is what a diagnosis has to know besides the board.
type Clinic struct {
	Thresholds kanban.Thresholds
	Nobody     bool // no dispatcher serves the board
	Profile    func(assignee string) bool
}

// everSuspect are the events that speak for trouble however old they are.
var everSuspect = []kanban.EventKind{kanban.EventHallucinated, kanban.EventSuspected}

// Diagnose looks for signs of trouble, of one card or, where id is empty, of all.
// The card with the gravest, and then the newest, comes first.
func (b *Board) Diagnose(ctx context.Context, id kanban.TaskID, c Clinic) (found []Diagnosis, err error) {
	th := c.Thresholds
	err = b.store.View(ctx, func(tx *store.Tx) error {
		found = nil
		ids := []kanban.TaskID{id}
		if id == "" {
			live := slices.DeleteFunc(slices.Clone(kanban.Statuses), kanban.Status.Satisfied)
			if ids, err = tx.Suspects(ctx, live, kanban.Blocked, kanban.Ready, tx.Now.Add(-th.Stranded), tx.Now, kanban.OutcomeCrashed,
				everSuspect, []kanban.EventKind{kanban.EventUnblocked}, tx.Now.Add(-th.CycleWindow)); err != nil {
				return err
			}
		} else if _, err := tx.Task(ctx, id); err != nil {
			return err
		}
		for some := range slices.Chunk(ids, 500) {
			tasks, err := tx.Some(ctx, some)
			if err != nil {
				return err
			}
			events, err := tx.EventsOf(ctx, some, kanban.DiagnoseKinds)
			if err != nil {
				return err
			}
			of := map[kanban.TaskID][]kanban.Event{}
			for _, e := range events {
				of[e.Task] = append(of[e.Task], e)
			}
			runs, err := tx.RunsOf(ctx, some)
			if err != nil {
				return err
			}
			for _, t := range tasks {
				if t.Status == kanban.Archived {
					continue
				}
				chart := kanban.Chart{Task: t, Events: of[t.ID], Runs: runs[t.ID], Policy: b.policy(t), Nobody: c.Nobody, Profile: c.Profile(t.Assignee)}
				if d := kanban.Diagnose(chart, th, tx.Now); len(d) > 0 {
					found = append(found, Diagnosis{t, d})
				}
			}
		}
		return nil
	})
	slices.SortStableFunc(found, func(x, y Diagnosis) int { return kanban.CompareFindings(x.Found[0], y.Found[0]) })
	return found, err
}
