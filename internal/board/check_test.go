package board_test

import (
	"strings"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// TestCheckFinds writes by SQL what no verb would, and names what Check says.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, sql string
		want      string // empty: nothing
	}{
		{"nothing on a whole board", `SELECT 1`, ""},
		{"an unknown status", `UPDATE tasks SET status = 'lost' WHERE id = $ready`, `card READY: unknown status "lost"`},
		{"a running card without a run", `UPDATE tasks SET status = 'running', claim_lock = 'x' WHERE id = $ready`, "card READY: it is running without a run"},
		{"a running card that nobody holds", `UPDATE tasks SET claim_lock = NULL WHERE id = $running`, "card RUNNING: it is running and held by nobody"},
		{"a settled card that is held", `UPDATE tasks SET claim_lock = 'x' WHERE id = $ready`, "card READY: it is ready and held by x"},
		{"a settled card with an open run", `UPDATE tasks SET status = 'done', claim_lock = NULL WHERE id = $running`, "card RUNNING: it is done and has the open run 1"},
		{"a current run that is gone", `UPDATE tasks SET current_run_id = 99 WHERE id = $running`, "card RUNNING: its current run 99 does not exist"},
		{"a current run that has ended", `UPDATE task_runs SET ended_at = 5, outcome = 'crashed'`, "card RUNNING: its current run 1 has ended"},
		{"an ended run without an outcome", `UPDATE task_runs SET ended_at = 5`, `card RUNNING: run 1 has outcome "" and end 5`},
		{"a second open run", `INSERT INTO task_runs (task_id, status, started_at) VALUES ($running, 'running', 1)`, "card RUNNING: run 2 is open and not the card's current one"},
		{"an event of no card", `INSERT INTO task_events (task_id, kind, created_at) VALUES ('t_gone', 'created', 1)`, "event belongs to no card"},
		{"an event of no run", `INSERT INTO task_events (task_id, run_id, kind, created_at) VALUES ($ready, 99, 'spawned', 1)`, "event names a run that does not exist"},
		{"a run of no card", `INSERT INTO task_runs (task_id, status, started_at, ended_at, outcome) VALUES ('t_gone', 'done', 1, 2, 'completed')`, "run 2: run belongs to no card"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			storetest.Places(t, func(t *testing.T, path string) {
				db := storetest.Open(t, path)
				b := board.New(db)
				ready, _, err := b.Create(t.Context(), kanban.Draft{Title: "ready"})
				if err != nil {
					t.Fatal(err)
				}
				running, _, err := b.Create(t.Context(), kanban.Draft{Title: "running"})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := b.Claim(t.Context(), running.ID, kanban.Claimant{Lock: "here:1", TTL: time.Hour}); err != nil {
					t.Fatal(err)
				}
				query := strings.NewReplacer("$ready", "'"+string(ready.ID)+"'", "$running", "'"+string(running.ID)+"'").Replace(tt.sql)
				storetest.Exec(t, db, query)
				found, err := b.Check(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				got := strings.NewReplacer(string(ready.ID), "READY", string(running.ID), "RUNNING").Replace(strings.Join(found, "\n"))
				if tt.want == "" && got != "" || !strings.Contains(got, tt.want) {
					t.Errorf("after %s, Check finds %q; want %q", tt.sql, got, tt.want)
				}
			})
		})
	}
}
