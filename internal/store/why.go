package store

import (
	"context"

	"andon/kanban"
)

// QueueHead reads the first cards of a queue, see [Tx.Queue]: at most limit of them.
func (tx *Tx) QueueHead(ctx context.Context, s kanban.Status, limit int) ([]kanban.Task, error) {
	// The ids first: a sort that carries whole cards along is slow.
	return tx.tasks(ctx, `SELECT `+taskFields+` FROM tasks WHERE id IN (
		SELECT id FROM tasks WHERE status = ? AND claim_lock IS NULL ORDER BY priority DESC, created_at, id LIMIT ?)
		ORDER BY priority DESC, created_at, id`, s, limit)
}

// Busy tells whose the cards in a status are, a name for each card.
func (tx *Tx) Busy(ctx context.Context, s kanban.Status) ([]string, error) {
	rows, err := tx.query(ctx, `SELECT COALESCE(assignee, '') FROM tasks WHERE status = ?`, s)
	return collect(rows, err, func(name *string) []any { return []any{name} })
}
