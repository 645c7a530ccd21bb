package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"andon/kanban"
)

// EventFilter is which events to read.
type EventFilter struct {
	After    kanban.EventID // only later ones
	Task     kanban.TaskID  // only this card's
	Assignee string         // only of cards that are now this assignee's
	Tenant   string
	Kinds    []kanban.EventKind
	Limit    int  // zero: all
	Newest   bool // with Limit: the newest ones rather than the oldest
}

// Events reads events in the order in which they were committed.
func (tx *Tx) Events(ctx context.Context, f EventFilter) ([]kanban.Event, error) {
	where, args := []string{`e.id > ?`}, []any{f.After}
	and := func(cond string, values ...any) {
		where = append(where, cond)
		args = append(args, values...)
	}
	if f.Task != "" {
		and(`e.task_id = ?`, f.Task)
	}
	if len(f.Kinds) > 0 {
		and(`e.kind IN (`+marks(len(f.Kinds))+`)`, anys(f.Kinds)...)
	}
	if f.Assignee != "" || f.Tenant != "" {
		cond := `e.task_id IN (SELECT id FROM tasks WHERE `
		var of []string
		for _, c := range []struct{ column, value string }{{"assignee", f.Assignee}, {"tenant", f.Tenant}} {
			if c.value != "" {
				of = append(of, c.column+` = ?`)
				args = append(args, c.value)
			}
		}
		where = append(where, cond+strings.Join(of, ` AND `)+`)`)
	}
	query := `SELECT e.id, e.task_id, e.run_id, e.kind, e.payload, e.created_at FROM task_events e WHERE ` +
		strings.Join(where, ` AND `) + ` ORDER BY e.id`
	if f.Newest {
		query += ` DESC`
	}
	if f.Limit > 0 {
		query += ` LIMIT ?`
		args = append(args, f.Limit)
	}
	rows, err := tx.query(ctx, query, args...)
	events, err := collect(rows, err, func(e *kanban.Event) []any { return dests(eventColumns, e) })
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	if f.Newest {
		slices.Reverse(events)
	}
	return events, nil
}

var eventColumns = []column[kanban.Event]{
	number("id", func(e *kanban.Event) *kanban.EventID { return &e.ID }),
	text("task_id", func(e *kanban.Event) *kanban.TaskID { return &e.Task }),
	number("run_id", func(e *kanban.Event) *kanban.RunID { return &e.Run }),
	text("kind", func(e *kanban.Event) *kanban.EventKind { return &e.Kind }),
	{name: "payload", dest: func(e *kanban.Event) any {
		return scanFunc(func(s string) { e.Payload = kanban.ParsePayload(s) })
	}},
	unix("created_at", func(e *kanban.Event) *time.Time { return &e.At }),
}

// Head is the number of the newest event, zero on an empty board.
func (tx *Tx) Head(ctx context.Context) (id kanban.EventID, err error) {
	err = tx.queryRow(ctx, `SELECT COALESCE(max(id), 0) FROM task_events`).Scan(&id)
	return id, err
}

// Newest reads of each card its newest event of each of the kinds.
func (tx *Tx) Newest(ctx context.Context, tasks []kanban.TaskID, kinds []kanban.EventKind) (map[kanban.TaskID]kanban.Newest, error) {
	all := map[kanban.TaskID]kanban.Newest{}
	for some := range slices.Chunk(tasks, 500) {
		rows, err := tx.query(ctx, `SELECT task_id, kind, max(id) FROM task_events
			WHERE task_id IN (`+marks(len(some))+`) AND kind IN (`+marks(len(kinds))+`) GROUP BY task_id, kind`, append(anys(some), anys(kinds)...)...)
		newest, err := collect(rows, err, func(e *kanban.Event) []any { return []any{&e.Task, &e.Kind, &e.ID} })
		if err != nil {
			return nil, fmt.Errorf("read the newest events: %w", err)
		}
		for _, e := range newest {
			if all[e.Task] == nil {
				all[e.Task] = kanban.Newest{}
			}
			all[e.Task][e.Kind] = e.ID
		}
	}
	return all, nil
}

// Comments reads the comments on a card, oldest first.
func (tx *Tx) Comments(ctx context.Context, task kanban.TaskID) ([]kanban.Comment, error) {
	rows, err := tx.query(ctx, `SELECT id, task_id, author, body, created_at FROM task_comments WHERE task_id = ? ORDER BY created_at, id`, task)
	return collect(rows, err, func(c *kanban.Comment) []any { return dests(commentColumns, c) })
}

var commentColumns = []column[kanban.Comment]{
	number("id", func(c *kanban.Comment) *int64 { return &c.ID }),
	text("task_id", func(c *kanban.Comment) *kanban.TaskID { return &c.Task }),
	text("author", func(c *kanban.Comment) *string { return &c.Author }),
	text("body", func(c *kanban.Comment) *string { return &c.Body }),
	unix("created_at", func(c *kanban.Comment) *time.Time { return &c.At }),
}
