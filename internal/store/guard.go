package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"andon/kanban"
)

// Guardable finds the cards in a status, held by nobody, whose past might keep
// them from being started again: those that rest, had a run with the outcome
// that ended after since, or a comment after commented that may name a pull
// request. Whether it does keep them, the rule says.
func (tx *Tx) Guardable(ctx context.Context, s kanban.Status, o kanban.Outcome, since, commented time.Time) ([]kanban.TaskID, error) {
	rows, err := tx.query(ctx, `SELECT t.id FROM tasks t WHERE t.status = ? AND t.claim_lock IS NULL AND (t.andon_retry_at > ?
		OR EXISTS (SELECT 1 FROM task_runs r WHERE r.task_id = t.id AND r.outcome = ? AND r.ended_at > ?)
		OR EXISTS (SELECT 1 FROM task_comments c WHERE c.task_id = t.id AND c.created_at > ? AND c.body LIKE ?))`,
		s, tx.Now.UnixMilli(), o, since.Unix(), commented.Unix(), "%"+kanban.PullMark+"%")
	ids, err := collect(rows, err, func(id *kanban.TaskID) []any { return []any{id} })
	if err != nil {
		return nil, fmt.Errorf("look for guarded cards: %w", err)
	}
	return ids, nil
}

// Pasts sums up what the history of the cards says about starting them again.
func (tx *Tx) Pasts(ctx context.Context, ids []kanban.TaskID) (map[kanban.TaskID]kanban.Past, error) {
	pasts := make(map[kanban.TaskID]kanban.Past, len(ids))
	for some := range slices.Chunk(ids, 500) {
		in, args := marks(len(some)), anys(some)
		runs, err := tx.runs(ctx, `WHERE r.task_id IN (`+in+`) AND r.ended_at IS NOT NULL`, args...)
		if err != nil {
			return nil, err
		}
		rows, err := tx.query(ctx, `SELECT id, task_id, author, body, created_at FROM task_comments
			WHERE task_id IN (`+in+`) AND body LIKE ? ORDER BY id`, append(args, "%"+kanban.PullMark+"%")...)
		comments, err := collect(rows, err, func(c *kanban.Comment) []any { return dests(commentColumns, c) })
		if err != nil {
			return nil, fmt.Errorf("read comments: %w", err)
		}
		events, err := tx.EventsOf(ctx, some, kanban.PastKinds)
		if err != nil {
			return nil, err
		}
		r, c, e := byTask(runs, func(r kanban.Run) kanban.TaskID { return r.Task }),
			byTask(comments, func(c kanban.Comment) kanban.TaskID { return c.Task }), byTask(events, func(e kanban.Event) kanban.TaskID { return e.Task })
		for _, id := range some {
			pasts[id] = kanban.NewPast(r[id], c[id], e[id])
		}
	}
	return pasts, nil
}

// EventsOf reads the events of some cards, only of the kinds if any are given,
// in the order in which they were committed.
func (tx *Tx) EventsOf(ctx context.Context, ids []kanban.TaskID, kinds []kanban.EventKind) ([]kanban.Event, error) {
	query := `SELECT e.id, e.task_id, e.run_id, e.kind, e.payload, e.created_at FROM task_events e WHERE e.task_id IN (` + marks(len(ids)) + `)`
	args := anys(ids)
	if len(kinds) > 0 {
		query += ` AND e.kind IN (` + marks(len(kinds)) + `)`
		args = append(args, anys(kinds)...)
	}
	rows, err := tx.query(ctx, query+` ORDER BY e.id`, args...)
	events, err := collect(rows, err, func(e *kanban.Event) []any { return dests(eventColumns, e) })
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return events, nil
}

func byTask[T any](list []T, of func(T) kanban.TaskID) map[kanban.TaskID][]T {
	m := map[kanban.TaskID][]T{}
	for _, v := range list {
		m[of(v)] = append(m[of(v)], v)
	}
	return m
}
