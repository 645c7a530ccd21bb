package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"andon/kanban"
)

// Suspects finds the cards with which something may be wrong: those in one of
// the live statuses that failed or crashed, are in the status blocked, or were
// made before early, or were due before now; and those with an event of the kinds ever, or with one of
// recent after since. What is wrong, if anything is, the rules say.
func (tx *Tx) Suspects(ctx context.Context, live []kanban.Status, blocked, ready kanban.Status, early, now time.Time, crashed kanban.Outcome,
	ever, recent []kanban.EventKind, since time.Time) ([]kanban.TaskID, error) {
	first, err := tx.FirstSince(ctx, since)
	if err != nil {
		return nil, err
	}
	args := append(anys(live), blocked, ready, early.Unix(), now.Unix(), crashed)
	args = append(args, anys(ever)...)
	args = append(args, first)
	args = append(args, anys(recent)...)
	rows, err := tx.query(ctx, `SELECT t.id FROM tasks t WHERE t.status IN (`+marks(len(live))+`) AND (t.consecutive_failures > 0 OR t.status = ?
			OR t.status = ? AND t.created_at <= ? OR t.andon_due_at < ? OR EXISTS (SELECT 1 FROM task_runs r WHERE r.task_id = t.id AND r.outcome = ?))
		UNION SELECT e.task_id FROM task_events e WHERE e.kind IN (`+marks(len(ever))+`)
		UNION SELECT e.task_id FROM task_events e WHERE e.id >= ? AND e.kind IN (`+marks(len(recent))+`)`, args...)
	ids, err := collect(rows, err, func(id *kanban.TaskID) []any { return []any{id} })
	if err != nil {
		return nil, fmt.Errorf("look for trouble: %w", err)
	}
	return ids, nil
}

// FirstSince is the number of the first event that is not older than at; one
// beyond the newest if all are. Numbers and hours rise together, so a few looks
// find it, and no index is needed.
func (tx *Tx) FirstSince(ctx context.Context, at time.Time) (kanban.EventID, error) {
	head, err := tx.Head(ctx)
	if err != nil {
		return 0, err
	}
	low, high := int64(1), int64(head)+1 // the answer is in [low, high]
	for low < high {
		mid := low + (high-low)/2
		var id, created int64
		if err := tx.queryRow(ctx, `SELECT id, created_at FROM task_events WHERE id >= ? ORDER BY id LIMIT 1`, mid).Scan(&id, intTo(&created)); err != nil {
			return 0, fmt.Errorf("find the events since %s: %w", at.Format(time.DateTime), err)
		}
		if created >= at.Unix() {
			high = mid
		} else {
			low = id + 1
		}
	}
	return kanban.EventID(low), nil
}

// RunsOf reads the runs of some cards, oldest first.
func (tx *Tx) RunsOf(ctx context.Context, ids []kanban.TaskID) (map[kanban.TaskID][]kanban.Run, error) {
	of := map[kanban.TaskID][]kanban.Run{}
	for some := range slices.Chunk(ids, 500) {
		runs, err := tx.runs(ctx, `WHERE r.task_id IN (`+marks(len(some))+`) ORDER BY r.started_at, r.id`, anys(some)...)
		if err != nil {
			return nil, err
		}
		for _, r := range runs {
			of[r.Task] = append(of[r.Task], r)
		}
	}
	return of, nil
}
