package store

import (
	"context"
	"fmt"

	"andon/kanban"
)

// Faces reads the cards in a status, without their longer texts.
func (tx *Tx) Faces(ctx context.Context, s kanban.Status) ([]kanban.Task, error) {
	return tx.faces(ctx, `SELECT `+faceFields+` FROM tasks WHERE status = ?`, s)
}

func (tx *Tx) faces(ctx context.Context, query string, args ...any) ([]kanban.Task, error) {
	rows, err := tx.query(ctx, query, args...)
	tasks, err := collect(rows, err, func(t *kanban.Task) []any { return dests(faceColumns, t) })
	if err != nil {
		return nil, fmt.Errorf("read cards: %w", err)
	}
	return tasks, nil
}
