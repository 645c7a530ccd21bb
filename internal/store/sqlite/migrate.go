package sqlite

import (
	"context"
	"database/sql"
	_ "embed"
	"fmt"
	"strconv"
)

//go:embed schema/base.sql
var baseSchema string

//go:embed schema/late.sql
var lateSchema string

// schemaVersion is recorded in andon_meta once everything below has been done
// to a file. Raise it with every change below.
const schemaVersion = 4

// additions are the columns that files of older programs lack, in the order in
// which Hermes adds them, and then andon's own. from names the legacy column
// whose values the new one takes over.
var additions = []struct{ table, column, decl, from string }{
	{"tasks", "tenant", "TEXT", ""},
	{"tasks", "result", "TEXT", ""},
	{"tasks", "branch_name", "TEXT", ""},
	{"tasks", "project_id", "TEXT", ""},
	{"tasks", "idempotency_key", "TEXT", ""},
	{"tasks", "consecutive_failures", "INTEGER NOT NULL DEFAULT 0", "spawn_failures"},
	{"tasks", "worker_pid", "INTEGER", ""},
	{"tasks", "last_failure_error", "TEXT", "last_spawn_error"},
	{"tasks", "max_runtime_seconds", "INTEGER", ""},
	{"tasks", "last_heartbeat_at", "INTEGER", ""},
	{"tasks", "current_run_id", "INTEGER", ""},
	{"tasks", "workflow_template_id", "TEXT", ""},
	{"tasks", "current_step_key", "TEXT", ""},
	{"tasks", "skills", "TEXT", ""},
	{"tasks", "max_retries", "INTEGER", ""},
	{"tasks", "model_override", "TEXT", ""},
	{"tasks", "provider_override", "TEXT", ""},
	{"tasks", "reasoning_effort", "TEXT", ""},
	{"tasks", "goal_mode", "INTEGER NOT NULL DEFAULT 0", ""},
	{"tasks", "goal_max_turns", "INTEGER", ""},
	{"tasks", "session_id", "TEXT", ""},
	{"tasks", "block_kind", "TEXT", ""},
	{"tasks", "block_recurrences", "INTEGER NOT NULL DEFAULT 0", ""},
	{"task_events", "run_id", "INTEGER", ""},
	{"kanban_notify_subs", "notifier_profile", "TEXT", ""},
	{"kanban_notify_subs", "delivery_mode", "TEXT NOT NULL DEFAULT 'notify'", ""},
	{"kanban_notify_subs", "chat_type", "TEXT", ""},
	{"kanban_notify_subs", "delivery_metadata", "TEXT", ""},
	{"tasks", "andon_retry_at", "INTEGER", ""},
	{"tasks", "andon_forced", "INTEGER", ""},
	{"tasks", "andon_start_at", "INTEGER", ""},
	{"tasks", "andon_due_at", "INTEGER", ""},
	{"tasks", "andon_check", "TEXT", ""},
	{"tasks", "andon_refusals", "INTEGER", ""},
	{"tasks", "andon_resources", "TEXT", ""},
}

// renames are the kinds of events that were called otherwise once.
var renames = [][2]string{{"ready", "promoted"}, {"priority", "reprioritized"}, {"spawn_auto_blocked", "gave_up"}}

// current reports whether there is nothing to migrate. It only looks.
func current(ctx context.Context, conn *sql.Conn) (bool, error) {
	var n int
	err := conn.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'andon_meta'`).Scan(&n)
	if err != nil || n == 0 {
		return false, err
	}
	var version string
	err = conn.QueryRowContext(ctx, `SELECT value FROM andon_meta WHERE key = 'schema'
		AND NOT EXISTS (SELECT 1 FROM tasks WHERE `+runless+`)`).Scan(&version)
	if err == sql.ErrNoRows {
		return false, nil
	}
	v, _ := strconv.Atoi(version)
	return v >= schemaVersion, err
}

// migrate brings a new file or one of an older program to the present schema,
// in one transaction. It may be done twice: the second time changes nothing.
func migrate(ctx context.Context, conn *sql.Conn) error {
	m := &migration{ctx: ctx, conn: conn}
	m.exec(`BEGIN IMMEDIATE`)
	m.exec(baseSchema)
	m.addColumns()
	m.rebuild()
	m.exec(lateSchema)
	m.openRuns()
	for _, r := range renames {
		m.exec(`UPDATE task_events SET kind = ? WHERE kind = ?`, r[1], r[0])
	}
	m.exec(`INSERT INTO andon_meta (key, value) VALUES ('schema', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
		strconv.Itoa(schemaVersion))
	m.exec(`COMMIT`)
	if m.err != nil {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`) // the first error says more
		return fmt.Errorf("bring the schema up to date: %w", m.err)
	}
	return nil
}

// migration carries the first error past the statements that follow it.
type migration struct {
	ctx  context.Context
	conn *sql.Conn
	err  error
}

func (m *migration) exec(query string, args ...any) {
	if m.err == nil {
		_, m.err = m.conn.ExecContext(m.ctx, query, args...)
	}
}

func (m *migration) addColumns() {
	have := map[string]bool{}
	for _, c := range m.columns() {
		have[c.table+"."+c.name] = true
	}
	for _, a := range additions {
		if have[a.table+"."+a.column] {
			continue
		}
		m.exec(`ALTER TABLE ` + a.table + ` ADD COLUMN ` + a.column + ` ` + a.decl)
		if a.from != "" && have[a.table+"."+a.from] {
			m.exec(`UPDATE ` + a.table + ` SET ` + a.column + ` = COALESCE(` + a.from + `, ` + a.column + `)`)
		}
	}
}

// runless is the condition that a card is running without a run of its own: it is of
// the time before runs, or another program made the table of runs anew, with other
// numbers. Nobody would ever take such a card back.
const runless = `status = 'running' AND NOT EXISTS (SELECT 1 FROM task_runs o WHERE o.id = tasks.current_run_id AND o.task_id = tasks.id)`

// openRuns gives each of them its open run, if it has one, or a new one.
func (m *migration) openRuns() {
	m.exec(`INSERT INTO task_runs (task_id, profile, step_key, status, claim_lock, claim_expires, worker_pid,
			max_runtime_seconds, last_heartbeat_at, started_at)
		SELECT id, assignee, current_step_key, 'running', claim_lock, claim_expires, worker_pid,
			max_runtime_seconds, last_heartbeat_at, COALESCE(started_at, unixepoch())
		FROM tasks WHERE ` + runless + ` AND NOT EXISTS (SELECT 1 FROM task_runs o WHERE o.task_id = tasks.id AND o.ended_at IS NULL)`)
	m.exec(`UPDATE tasks SET current_run_id = (SELECT max(r.id) FROM task_runs r WHERE r.task_id = tasks.id AND r.ended_at IS NULL)
		WHERE ` + runless)
}
