package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"andon/kanban"
)

// Stats are the numbers of a board.
type Stats struct {
	Counts      []Count
	Overdue     int
	OldestReady time.Time // when the oldest ready card was created; zero if none is ready
}

// Count is how many cards of an assignee are in a status.
type Count struct {
	Status   kanban.Status
	Assignee string
	N        int
}

// Stats counts the cards that are not in the status left out.
func (tx *Tx) Stats(ctx context.Context, ready, leftOut kanban.Status) (Stats, error) {
	var s Stats
	// In the order of the index, so that nothing is sorted. Other programs have left
	// an empty name where nobody is meant.
	var status kanban.Status
	var assignee sql.NullString
	var n int
	counts := map[Count]int{}
	if err := tx.scan(ctx, []any{&assignee, &status, &n}, func() { counts[Count{Status: status, Assignee: assignee.String}] += n },
		`SELECT assignee, status, count(*) FROM tasks WHERE status <> ? GROUP BY assignee, status`, leftOut); err != nil {
		return s, err
	}
	for c, n := range counts {
		c.N = n
		s.Counts = append(s.Counts, c)
	}
	slices.SortFunc(s.Counts, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Status, b.Status), cmp.Compare(a.Assignee, b.Assignee))
	})
	oldest := unix("", func(s *Stats) *time.Time { return &s.OldestReady })
	if err := tx.queryRow(ctx, `SELECT min(created_at) FROM tasks WHERE status = ?`, ready).Scan(oldest.dest(&s)); err != nil {
		return s, fmt.Errorf("find the oldest ready card: %w", err)
	}
	open := kanban.Unfinished()
	// The status is hidden from the planner, which would rather read every open card
	// than the few that are due.
	if err := tx.queryRow(ctx, `SELECT count(*) FROM tasks WHERE andon_due_at < ? AND COALESCE(status, '') IN (`+marks(len(open))+`)`,
		append([]any{tx.Now.Unix()}, anys(open)...)...).Scan(&s.Overdue); err != nil {
		return s, fmt.Errorf("count what is overdue: %w", err)
	}
	return s, nil
}

// Finished is when a card was made, first started and completed.
type Finished struct{ Created, Started, Completed time.Time }

// Finished reads the times of the cards in one of the statuses that were
// completed since then.
func (tx *Tx) Finished(ctx context.Context, settled []kanban.Status, since time.Time) ([]Finished, error) {
	var all []Finished
	var created, completed int64
	var started int64
	err := tx.scan(ctx, []any{intTo(&created), intTo(&started), intTo(&completed)}, func() {
		f := Finished{Created: time.Unix(created, 0), Completed: time.Unix(completed, 0)}
		if started > 0 {
			f.Started = time.Unix(started, 0)
		}
		all = append(all, f)
	}, `SELECT created_at, COALESCE(started_at, 0), completed_at FROM tasks WHERE completed_at >= ? AND status IN (`+marks(len(settled))+`)`,
		append([]any{since.Unix()}, anys(settled)...)...)
	return all, err
}

// Made reads when the cards in the statuses were made.
func (tx *Tx) Made(ctx context.Context, in []kanban.Status) (map[kanban.Status][]time.Time, error) {
	all := map[kanban.Status][]time.Time{}
	for _, s := range in {
		var created int64
		if err := tx.scan(ctx, []any{intTo(&created)}, func() { all[s] = append(all[s], time.Unix(created, 0)) },
			`SELECT created_at FROM tasks WHERE status = ?`, s); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Outcomes counts the runs that ended since then by their outcomes.
func (tx *Tx) Outcomes(ctx context.Context, since time.Time) (map[kanban.Outcome]int, error) {
	all := map[kanban.Outcome]int{}
	var o kanban.Outcome
	var n int
	err := tx.scan(ctx, []any{&o, &n}, func() { all[o] = n },
		`SELECT COALESCE(outcome, ''), count(*) FROM task_runs WHERE ended_at >= ? GROUP BY COALESCE(outcome, '')`, since.Unix())
	return all, err
}

// scan calls each once for every row, after it was put into the places.
func (tx *Tx) scan(ctx context.Context, places []any, each func(), query string, args ...any) error {
	rows, err := tx.query(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("count: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return fmt.Errorf("count: %w", err)
		}
		each()
	}
	return rows.Err()
}

// SpellEvents reads what tells when cards were blocked, from an event on, in one
// pass over the history.
func (tx *Tx) SpellEvents(ctx context.Context, from kanban.EventID) ([]kanban.Event, error) {
	var all []kanban.Event
	var e kanban.Event
	var at int64
	err := tx.scan(ctx, []any{&e.ID, &e.Task, &e.Kind, intTo(&at)}, func() {
		e.At = time.Unix(at, 0)
		all = append(all, e)
	}, `SELECT id, task_id, kind, created_at FROM task_events WHERE id >= ? AND kind IN (`+marks(len(kanban.SpellKinds))+`) ORDER BY id`,
		append([]any{from}, anys(kanban.SpellKinds)...)...)
	return all, err
}

// Ends tells of some cards their status and when they were completed.
func (tx *Tx) Ends(ctx context.Context, ids []kanban.TaskID) (map[kanban.TaskID]kanban.Task, error) {
	all := map[kanban.TaskID]kanban.Task{}
	var t kanban.Task
	var at int64
	for some := range slices.Chunk(ids, 500) {
		if err := tx.scan(ctx, []any{&t.ID, &t.Status, intTo(&at)}, func() {
			if t.CompletedAt = time.Unix(at, 0); at == 0 {
				t.CompletedAt = time.Time{}
			}
			all[t.ID] = t
		}, `SELECT id, status, COALESCE(completed_at, 0) FROM tasks WHERE id IN (`+marks(len(some))+`)`, anys(some)...); err != nil {
			return nil, err
		}
	}
	return all, nil
}
