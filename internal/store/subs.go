package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"andon/kanban"
)

var subColumns = []column[kanban.Sub]{
	text("task_id", func(s *kanban.Sub) *kanban.TaskID { return &s.Task }),
	text("platform", func(s *kanban.Sub) *string { return &s.Platform }),
	text("chat_id", func(s *kanban.Sub) *string { return &s.ChatID }),
	textNotNull("thread_id", func(s *kanban.Sub) *string { return &s.ThreadID }),
	text("chat_type", func(s *kanban.Sub) *string { return &s.ChatType }),
	text("user_id", func(s *kanban.Sub) *string { return &s.UserID }),
	text("notifier_profile", func(s *kanban.Sub) *string { return &s.Profile }),
	textNotNull("delivery_mode", func(s *kanban.Sub) *string { return &s.Mode }),
	unix("created_at", func(s *kanban.Sub) *time.Time { return &s.At }),
	numberNotNull("last_event_id", func(s *kanban.Sub) *kanban.EventID { return &s.Cursor }),
}

// Subs reads the subscriptions to the cards, oldest first.
func (tx *Tx) Subs(ctx context.Context, ids []kanban.TaskID) ([]kanban.Sub, error) {
	var all []kanban.Sub
	for some := range slices.Chunk(ids, 500) {
		rows, err := tx.query(ctx, `SELECT `+columnNames(subColumns, "")+` FROM kanban_notify_subs WHERE task_id IN (`+marks(len(some))+`)
			ORDER BY created_at, task_id, platform, chat_id, thread_id`, anys(some)...)
		subs, err := collect(rows, err, func(s *kanban.Sub) []any { return dests(subColumns, s) })
		if err != nil {
			return nil, fmt.Errorf("read subscriptions: %w", err)
		}
		all = append(all, subs...)
	}
	return all, nil
}

// applySubs stores subscriptions that the card does not have yet. It comes after
// the events: one that is caught up has heard of them.
func (tx *Tx) applySubs(ctx context.Context, subs []kanban.Sub) error {
	for i := range subs {
		s := &subs[i]
		if s.Cursor == kanban.CaughtUp {
			if err := tx.queryRow(ctx, `SELECT COALESCE(max(id), 0) FROM task_events WHERE task_id = ?`, s.Task).Scan(&s.Cursor); err != nil {
				return fmt.Errorf("subscribe to %s: %w", s.Task, err)
			}
		}
		if _, err := tx.exec(ctx, `INSERT INTO kanban_notify_subs (`+columnNames(subColumns, "")+`) VALUES (`+marks(len(subColumns))+`)
			ON CONFLICT DO NOTHING`, values(subColumns, s)...); err != nil {
			return fmt.Errorf("subscribe to %s: %w", s.Task, err)
		}
	}
	return nil
}
