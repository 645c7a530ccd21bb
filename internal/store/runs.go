package store

import (
	"context"
	"fmt"
	"slices"

	"andon/kanban"
)

var runFields = columnNames(runColumns, "r.") + ", " + columnNames(workerColumns, "w.") + ", " + columnNames(usageColumns, "u.")

const runTables = ` FROM task_runs r LEFT JOIN andon_runs w ON w.run_id = r.id LEFT JOIN andon_usage u ON u.run_id = r.id`

// Run reads a run; nil if there is none with this number.
func (tx *Tx) Run(ctx context.Context, id kanban.RunID) (*kanban.Run, error) {
	if id == 0 {
		return nil, nil
	}
	runs, err := tx.runs(ctx, `WHERE r.id = ?`, id)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	return &runs[0], nil
}

// Runs reads the runs of a card, oldest first.
func (tx *Tx) Runs(ctx context.Context, task kanban.TaskID) ([]kanban.Run, error) {
	return tx.runs(ctx, `WHERE r.task_id = ? ORDER BY r.started_at, r.id`, task)
}

// RecentRuns reads the newest runs with an outcome that a profile made on other
// cards than not, newest first.
func (tx *Tx) RecentRuns(ctx context.Context, profile string, o kanban.Outcome, not kanban.TaskID, limit int) ([]kanban.Run, error) {
	return tx.runs(ctx, `WHERE r.profile = ? AND r.outcome = ? AND r.task_id <> ?
		ORDER BY COALESCE(r.ended_at, r.started_at) DESC, r.id DESC LIMIT ?`, profile, o, not, limit)
}

// LastRun reads the newest run of a card with an outcome; nil if there is none.
func (tx *Tx) LastRun(ctx context.Context, task kanban.TaskID, o kanban.Outcome) (*kanban.Run, error) {
	runs, err := tx.runs(ctx, `WHERE r.task_id = ? AND r.outcome = ?
		ORDER BY COALESCE(r.ended_at, r.started_at) DESC, r.id DESC LIMIT 1`, task, o)
	if err != nil || len(runs) == 0 {
		return nil, err
	}
	return &runs[0], nil
}

// Attempts counts the runs of a card.
func (tx *Tx) Attempts(ctx context.Context, task kanban.TaskID) (n int, err error) {
	err = tx.queryRow(ctx, `SELECT count(*) FROM task_runs WHERE task_id = ?`, task).Scan(&n)
	return n, err
}

// Held is a card in its worker's hands. Its run is the zero Run where the card
// names none.
type Held struct {
	Task kanban.Task
	Run  kanban.Run
}

// Held reads the cards in a status together with their current runs.
func (tx *Tx) Held(ctx context.Context, s kanban.Status) ([]Held, error) {
	rows, err := tx.query(ctx, `SELECT `+taskOfT+`, `+runFields+` FROM tasks t
		LEFT JOIN task_runs r ON r.id = t.current_run_id LEFT JOIN andon_runs w ON w.run_id = r.id LEFT JOIN andon_usage u ON u.run_id = r.id
		WHERE t.status = ? ORDER BY t.started_at, t.id`, s)
	held, err := collect(rows, err, func(h *Held) []any { return append(dests(taskColumns, &h.Task), runDests(&h.Run)...) })
	if err != nil {
		return nil, fmt.Errorf("read running cards: %w", err)
	}
	return held, nil
}

func (tx *Tx) runs(ctx context.Context, where string, args ...any) ([]kanban.Run, error) {
	rows, err := tx.query(ctx, `SELECT `+runFields+runTables+` `+where, args...)
	runs, err := collect(rows, err, runDests)
	if err != nil {
		return nil, fmt.Errorf("read runs: %w", err)
	}
	return runs, nil
}

func runDests(r *kanban.Run) []any {
	return slices.Concat(dests(runColumns, r), dests(workerColumns, r), dests(usageColumns, r))
}
