package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"andon/kanban"
)

// Table is a table of a board as it travels to another one: what [Tx.Each] reads,
// [Tx.Load] writes. A value is nil, an int64, a string, or what SQLite lets a
// program put into any column: a float64 or a []byte.
type Table struct {
	Name    string
	Columns []Column

	Key      []int // the columns by which a row is known, and the rows are sorted
	order    string
	belongs  string // to what a row that is no leftover belongs; empty: always
	numbered bool   // its ids come from a sequence
}

// Column is a column of a [Table].
type Column struct {
	Name    string
	Number  bool // an integer; else text
	NotNull bool
}

// ofCard is the condition that a row's card is there. Other programs delete cards
// and leave rows behind.
const ofCard = `task_id IN (SELECT id FROM tasks)`

// Travelling are the tables that make a board, in the order in which they may be
// filled. What is not here belongs to one database: see the test.
var Travelling = []Table{
	travels("tasks", "id", "", []string{"id!", "title!", "body", "assignee", "status!", "priority#", "created_by", "created_at#!",
		"started_at#", "completed_at#", "workspace_kind!", "workspace_path", "branch_name", "project_id", "claim_lock", "claim_expires#",
		"tenant", "result", "idempotency_key", "consecutive_failures#!", "worker_pid#", "last_failure_error", "max_runtime_seconds#",
		"last_heartbeat_at#", "current_run_id#", "workflow_template_id", "current_step_key", "skills", "model_override",
		"provider_override", "reasoning_effort", "max_retries#", "goal_mode#!", "goal_max_turns#", "session_id", "block_kind",
		"block_recurrences#!", "andon_retry_at#", "andon_forced#", "andon_start_at#", "andon_due_at#", "andon_check", "andon_refusals#", "andon_resources"}),
	travels("task_links", "parent_id, child_id", `parent_id IN (SELECT id FROM tasks) AND child_id IN (SELECT id FROM tasks)`,
		[]string{"parent_id!", "child_id!"}),
	travels("task_runs", "id", ofCard, []string{"id#!", "task_id!", "profile", "step_key", "status!", "claim_lock", "claim_expires#",
		"worker_pid#", "max_runtime_seconds#", "last_heartbeat_at#", "started_at#!", "ended_at#", "outcome", "summary", "metadata", "error"}),
	travels("andon_runs", "run_id", `run_id IN (SELECT id FROM task_runs WHERE `+ofCard+`)`,
		[]string{"run_id#!", "pid#", "pid_start", "agent_pid#", "agent_start", "exit", "exited_at#"}),
	travels("andon_usage", "run_id", "", []string{"run_id#!", "task_id!", "profile", "tenant", "at#!", "model", "input#!", "output#!", // also of cards that are gone
		"cache_read#!", "cache_write#!", "cost#!", "measured#!"}),
	travels("andon_proposals", "id", ofCard, []string{"id#!", "task_id!", "run_id#", "report!", "made_at#!", "state!", "judge", "command",
		"exit", "output", "started_at#", "ended_at#"}),
	travels("task_events", "id", ofCard, []string{"id#!", "task_id!", "run_id#", "kind!", "payload", "created_at#!"}),
	travels("task_comments", "id", ofCard, []string{"id#!", "task_id!", "author!", "body!", "created_at#!"}),
	travels("task_attachments", "id", ofCard, []string{"id#!", "task_id!", "filename!", "stored_path!", "content_type", "size#!",
		"uploaded_by", "created_at#!"}),
	travels("kanban_notify_subs", "task_id, platform, chat_id, thread_id", ofCard, []string{"task_id!", "platform!", "chat_id!", "chat_type",
		"thread_id!", "user_id", "notifier_profile", "delivery_mode!", "delivery_metadata", "created_at#!", "last_event_id#!"}),
	travels("andon_routines", "name", "", []string{"name!", "cron!", "zone!", "recipe!", "missed!", "overlap!", "paused#", "created_by", "created_at#!",
		"next_at#", "last_at#", "last_card", "outcome", "error"}),
}

// travels makes a [Table]: "#" behind a column's name is an integer, "!" no NULL.
func travels(name, order, belongs string, columns []string) Table {
	t := Table{Name: name, order: order, belongs: belongs}
	for _, c := range columns {
		c, notNull := strings.CutSuffix(c, "!")
		c, number := strings.CutSuffix(c, "#")
		t.Columns = append(t.Columns, Column{c, number, notNull})
	}
	for _, name := range strings.Split(order, ", ") {
		t.Key = append(t.Key, t.Index(name))
	}
	t.numbered = order == "id" && t.Columns[0].Number
	return t
}

// Index is the place of a column; the column must be there.
func (t Table) Index(name string) int {
	for i, c := range t.Columns {
		if c.Name == name {
			return i
		}
	}
	panic("the table " + t.Name + " has no column " + name)
}

func (t Table) names() string {
	names := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// Each hands every row of the table to do, in the order of its key, leftovers of
// cards that are gone left out. The values are do's to keep, the slice is not.
func (tx *Tx) Each(ctx context.Context, t Table, do func(row []any) error) (err error) {
	query := `SELECT ` + t.names() + ` FROM ` + t.Name
	if t.belongs != "" {
		query += ` WHERE ` + t.belongs
	}
	rows, err := tx.query(ctx, query+` ORDER BY `+t.order)
	if err != nil {
		return fmt.Errorf("read %s: %w", t.Name, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row, places := make([]any, len(t.Columns)), make([]any, len(t.Columns))
	for i := range row {
		places[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return fmt.Errorf("read %s: %w", t.Name, err)
		}
		if err := do(row); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", t.Name, err)
	}
	return nil
}

// Strays counts the rows of the table that [Tx.Each] leaves out.
func (tx *Tx) Strays(ctx context.Context, t Table) (n int, err error) {
	if t.belongs == "" {
		return 0, nil
	}
	err = tx.queryRow(ctx, `SELECT count(*) FROM `+t.Name+` WHERE NOT (`+t.belongs+`)`).Scan(&n)
	return n, err
}

// Occupied counts the rows of the table.
func (tx *Tx) Occupied(ctx context.Context, t Table) (n int, err error) {
	err = tx.queryRow(ctx, `SELECT count(*) FROM `+t.Name).Scan(&n)
	return n, err
}

// loadRows is how many rows one statement may write: a statement takes 32,766
// values on SQLite.
const loadRows = 200

// Load writes rows as they are, ids included: no rule is asked and no event
// appended, for these rows are a history. It is for a board that has none.
func (tx *Tx) Load(ctx context.Context, t Table, rows [][]any) error {
	for len(rows) > 0 {
		some := rows[:min(len(rows), loadRows)]
		rows = rows[len(some):]
		args := make([]any, 0, len(some)*len(t.Columns))
		for _, r := range some {
			args = append(args, r...)
		}
		one := "(" + marks(len(t.Columns)) + ")"
		if _, err := tx.exec(ctx, `INSERT INTO `+t.Name+` (`+t.names()+`) VALUES `+one+strings.Repeat(", "+one, len(some)-1), args...); err != nil {
			return fmt.Errorf("load %s: %w", t.Name, err)
		}
	}
	return nil
}

// Advance lets the table's next id be greater than n. It does nothing for a table
// whose ids are given.
func (tx *Tx) Advance(ctx context.Context, t Table, n int64) error {
	if !t.numbered || n <= 0 {
		return nil
	}
	for _, q := range tx.advance(t.Name, n) {
		if _, err := tx.exec(ctx, q); err != nil {
			return fmt.Errorf("advance the ids of %s: %w", t.Name, err)
		}
	}
	return nil
}

// Numbered reports whether the table's ids come from a sequence.
func (t Table) Numbered() bool { return t.numbered }

// Fits says why the column of this board's database cannot hold the value; nil if
// it can.
func (db *DB) Fits(c Column, v any) error {
	if v == nil {
		if c.NotNull {
			return kanban.Invalidf("%s is null, and may not be", c.Name)
		}
		return nil
	}
	if !db.dialect.Typed {
		return nil
	}
	switch v := v.(type) {
	case int64:
		if c.Number {
			return nil
		}
	case string:
		if !c.Number && utf8.ValidString(v) && !strings.ContainsRune(v, 0) {
			return nil
		}
	}
	return &kanban.Error{Code: kanban.Invalid, Msg: fmt.Sprintf("%s holds what a column on a server cannot: %.60q", c.Name, fmt.Sprint(v)),
		Hint: "a board in a file can hold it"}
}
