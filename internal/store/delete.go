package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"andon/kanban"
)

// belongings are the rows that belong to a card, in the order in which they can
// be removed. What its runs have taken is not among them: money that was spent stays
// so, and no budget is filled again by deleting a card.
var belongings = []struct {
	table, where string
	ids          int // how often the condition names the card
}{
	{"task_links", "parent_id = ? OR child_id = ?", 2},
	{"task_comments", "task_id = ?", 1},
	{"task_events", "task_id = ?", 1},
	{"task_attachments", "task_id = ?", 1},
	{"kanban_notify_subs", "task_id = ?", 1},
	{"andon_notify", "task_id = ?", 1},
	{"andon_proposals", "task_id = ?", 1},
	{"andon_runs", "run_id IN (SELECT id FROM task_runs WHERE task_id = ?)", 1},
	{"task_runs", "task_id = ?", 1},
	{"tasks", "id = ?", 1},
}

// deleteTask removes a card, if it still is as it was read, and all that belongs
// to it.
func (tx *Tx) deleteTask(ctx context.Context, c *kanban.Change) error {
	if now, err := tx.Task(ctx, c.Was.ID); err != nil {
		return err
	} else if now.Status != c.Was.Status || now.Lock != c.Was.Lock || now.Run != c.Was.Run {
		return fmt.Errorf("card %s changed beneath its own transaction", c.Was.ID)
	}
	for _, b := range belongings {
		if _, err := tx.exec(ctx, `DELETE FROM `+b.table+` WHERE `+b.where, repeat(c.Was.ID, b.ids)...); err != nil {
			return fmt.Errorf("delete card %s: %w", c.Was.ID, err)
		}
	}
	return nil
}

// Remains is every row of a card as a JSON object: the tables, their rows, the
// values by column. Columns that andon does not know are there too.
func (tx *Tx) Remains(ctx context.Context, id kanban.TaskID) (json.RawMessage, error) {
	if _, err := tx.Task(ctx, id); err != nil {
		return nil, err
	}
	all := map[string][]map[string]any{}
	for _, b := range belongings {
		rows, err := tx.query(ctx, `SELECT * FROM `+b.table+` WHERE `+b.where+` ORDER BY 1, 2`, repeat(id, b.ids)...)
		if err != nil {
			return nil, fmt.Errorf("read the rows of %s: %w", id, err)
		}
		if all[b.table], err = records(rows); err != nil {
			return nil, fmt.Errorf("read the rows of %s: %w", id, err)
		}
	}
	return json.MarshalIndent(all, "", "  ")
}

func records(rows *sql.Rows) (all []map[string]any, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	all = []map[string]any{}
	for rows.Next() {
		record, places := map[string]any{}, make([]any, len(names))
		for i := range places {
			places[i] = new(any)
		}
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		for i, name := range names {
			v := *places[i].(*any)
			if text, ok := v.([]byte); ok {
				v = string(text)
			}
			record[name] = v
		}
		all = append(all, record)
	}
	return all, rows.Err()
}

func repeat(id kanban.TaskID, n int) []any {
	args := make([]any, n)
	for i := range args {
		args[i] = id
	}
	return args
}
