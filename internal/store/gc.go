package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"andon/kanban"
)

// OldEvents finds events from before a time that belong to cards in one of the
// statuses, oldest first and at most limit of them.
func (tx *Tx) OldEvents(ctx context.Context, before time.Time, of []kanban.Status, limit int) ([]kanban.EventID, error) {
	rows, err := tx.query(ctx, `SELECT e.id FROM task_events e JOIN tasks t ON t.id = e.task_id
		WHERE e.created_at < ? AND t.status IN (`+marks(len(of))+`) ORDER BY e.id LIMIT ?`,
		append(append([]any{before.Unix()}, anys(of)...), limit)...)
	ids, err := collect(rows, err, func(id *kanban.EventID) []any { return []any{id} })
	if err != nil {
		return nil, fmt.Errorf("find old events: %w", err)
	}
	return ids, nil
}

// CountOldEvents counts what [Tx.OldEvents] finds without a limit.
func (tx *Tx) CountOldEvents(ctx context.Context, before time.Time, of []kanban.Status) (n int, err error) {
	err = tx.queryRow(ctx, `SELECT count(*) FROM task_events e JOIN tasks t ON t.id = e.task_id
		WHERE e.created_at < ? AND t.status IN (`+marks(len(of))+`)`, append([]any{before.Unix()}, anys(of)...)...).Scan(&n)
	return n, err
}

// Forget removes events from the history for good.
func (tx *Tx) Forget(ctx context.Context, ids []kanban.EventID) error {
	for some := range slices.Chunk(ids, 500) {
		if _, err := tx.exec(ctx, `DELETE FROM task_events WHERE id IN (`+marks(len(some))+`)`, anys(some)...); err != nil {
			return fmt.Errorf("remove old events: %w", err)
		}
	}
	return nil
}

// Places reads the cards of a kind of workspace in one of the statuses; of each
// only what tells where its workspace is.
func (tx *Tx) Places(ctx context.Context, kind kanban.WorkspaceKind, in []kanban.Status) ([]kanban.Task, error) {
	return tx.places(ctx, `workspace_kind = ? AND status IN (`+marks(len(in))+`)`, append([]any{kind}, anys(in)...)...)
}

// Placed reads the cards in one of the statuses that have a path for their
// workspace, likewise.
func (tx *Tx) Placed(ctx context.Context, in []kanban.Status) ([]kanban.Task, error) {
	return tx.places(ctx, `workspace_path IS NOT NULL AND status IN (`+marks(len(in))+`)`, anys(in)...)
}

func (tx *Tx) places(ctx context.Context, where string, args ...any) ([]kanban.Task, error) {
	columns := slices.DeleteFunc(slices.Clone(taskColumns), func(c column[kanban.Task]) bool {
		return !slices.Contains([]string{"id", "title", "status", "workspace_kind", "workspace_path", "branch_name", "created_at", "started_at", "completed_at"}, c.name)
	})
	rows, err := tx.query(ctx, `SELECT `+columnNames(columns, "")+` FROM tasks WHERE `+where+` ORDER BY created_at, id`, args...)
	tasks, err := collect(rows, err, func(t *kanban.Task) []any { return dests(columns, t) })
	if err != nil {
		return nil, fmt.Errorf("read cards: %w", err)
	}
	return tasks, nil
}
