package sqlite_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// oddTypes is a file in which times are texts, reals and bytes, and in one table a
// type of their own, as other programs have put them in.
var oddTypes = []string{
	`CREATE TABLE tasks (id TEXT PRIMARY KEY, title TEXT NOT NULL, status TEXT NOT NULL, priority INTEGER DEFAULT 0, assignee TEXT, body TEXT, created_by TEXT,
		created_at INTEGER NOT NULL, started_at TIMESTAMP, completed_at DATETIME, workspace_kind TEXT NOT NULL DEFAULT 'scratch', workspace_path TEXT,
		claim_lock TEXT, claim_expires INTEGER, goal_mode BOOLEAN NOT NULL DEFAULT 0)`,
	`INSERT INTO tasks (id, title, status, created_at, started_at, completed_at, goal_mode) VALUES
		('t_1', '2026-11-01T10:00:00Z', 'done', '2026-11-01T10:00:00Z', 1793527300, '2026-11-01 10:05:00', 1),
		('t_2', 'b', 'ready', 1793527200.5, NULL, NULL, 0), ('t_3', 'c', 'ready', x'00ff', 'soon', NULL, 0)`,
	`CREATE TABLE task_events (id INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL, kind TEXT NOT NULL, payload TEXT, created_at TIMESTAMP NOT NULL)`,
	`INSERT INTO task_events (task_id, kind, created_at) VALUES ('t_1', 'blocked', x'00'), ('t_1', 'unblocked', '2026-11-01T10:00:00Z'), ('t_1', 'blocked', 1793527300.75)`,
}

// What can be read as a time is one, what cannot stops nobody, and a row that is
// kept to come back, or travels, is as it stands in the file.
func TestOddTypes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kanban.db")
	makeFile(t, path, oddTypes...)
	db, ctx := storetest.Open(t, path), t.Context()
	ten := time.Unix(1793527200, 0)
	err := db.View(ctx, func(tx *store.Tx) error {
		task, err := tx.Task(ctx, "t_1")
		if err != nil {
			return err
		}
		if !task.CreatedAt.Equal(ten) || !task.StartedAt.Equal(ten.Add(100*time.Second)) || !task.CompletedAt.Equal(ten.Add(5*time.Minute)) || !task.GoalMode {
			t.Errorf("read %+v", task)
		}
		made, err := tx.Made(ctx, []kanban.Status{kanban.Ready})
		if err != nil || len(made[kanban.Ready]) != 2 {
			t.Errorf("made: %v, %v", made, err)
		}
		done, err := tx.Finished(ctx, kanban.Settled(), ten)
		if err != nil || len(done) != 1 || !done[0].Completed.Equal(ten.Add(5*time.Minute)) {
			t.Errorf("finished: %v, %v", done, err)
		}
		if ends, err := tx.Ends(ctx, []kanban.TaskID{"t_1"}); err != nil || !ends["t_1"].CompletedAt.Equal(task.CompletedAt) {
			t.Errorf("ends: %v, %v", ends, err)
		}
		if id, err := tx.FirstSince(ctx, ten); err != nil || id != 2 {
			t.Errorf("the first event since ten is %d, %v", id, err)
		}
		if events, err := tx.SpellEvents(ctx, 1); err != nil || len(events) != 3 || !events[1].At.Equal(ten) {
			t.Errorf("events: %v, %v", events, err)
		}
		ref := store.MakeRef("tasks", "t_1")
		image, err := tx.Image(ctx, ref)
		if err != nil {
			return err
		}
		row, _, err := ref.Compare(store.Image{}, image)
		if err != nil {
			return err
		}
		for _, want := range []string{`"title":"2026-11-01T10:00:00Z"`, `"created_at":"2026-11-01T10:00:00Z"`, `"started_at":1793527300`,
			`"completed_at":"2026-11-01 10:05:00"`, `"goal_mode":1`} {
			if !strings.Contains(string(row.Is), want) {
				t.Errorf("kept as %s, want %s", row.Is, want)
			}
		}
		cards := store.Travelling[0]
		return tx.Each(ctx, cards, func(row []any) error {
			_, err := cards.AppendRow(nil, row)
			return err
		})
	})
	if err != nil {
		t.Error(err)
	}
}
