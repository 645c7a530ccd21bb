package sqlite_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/internal/store/storetest"
)

// textIDs is a file whose ids are texts and whose cursors are, too, as some early
// program made them; it also has a column and a table that nobody knows.
var textIDs = []string{
	`CREATE TABLE tasks (id TEXT PRIMARY KEY, title TEXT NOT NULL, body TEXT, assignee TEXT, status TEXT NOT NULL, priority INTEGER DEFAULT 0,
		created_by TEXT, created_at INTEGER NOT NULL, started_at INTEGER, completed_at INTEGER, workspace_kind TEXT NOT NULL DEFAULT 'scratch',
		workspace_path TEXT, claim_lock TEXT, claim_expires INTEGER, current_run_id INTEGER, mood TEXT)`,
	`CREATE TABLE task_links (parent_id TEXT NOT NULL, child_id TEXT NOT NULL, PRIMARY KEY (parent_id, child_id))`,
	`CREATE TABLE task_comments (id TEXT PRIMARY KEY, task_id TEXT NOT NULL, author TEXT NOT NULL, body TEXT NOT NULL, created_at INTEGER NOT NULL)`,
	`CREATE TABLE task_events (id TEXT PRIMARY KEY, task_id TEXT NOT NULL, run_id TEXT, kind TEXT NOT NULL, payload TEXT, created_at INTEGER NOT NULL)`,
	`CREATE INDEX idx_events_task ON task_events (task_id, created_at)`,
	`CREATE TABLE task_runs (id INTEGER, task_id TEXT NOT NULL, profile TEXT, status TEXT NOT NULL, claim_lock TEXT, claim_expires INTEGER,
		started_at INTEGER NOT NULL, ended_at INTEGER, outcome TEXT, summary TEXT, error TEXT)`, // an id that is no key
	`CREATE INDEX idx_runs_task ON task_runs (task_id, started_at)`,
	`CREATE TABLE kanban_notify_subs (task_id TEXT NOT NULL, platform TEXT NOT NULL, chat_id TEXT NOT NULL, thread_id TEXT NOT NULL DEFAULT '',
		user_id TEXT, created_at INTEGER NOT NULL, last_event_id TEXT, PRIMARY KEY (task_id, platform, chat_id, thread_id))`,
	`CREATE TABLE weather (sun INTEGER)`,
	`INSERT INTO weather VALUES (7)`,
	`INSERT INTO tasks (id, title, assignee, status, created_at, started_at, claim_lock, claim_expires, current_run_id, mood) VALUES
		('t_1', 'at work', 'ada', 'running', 100, 110, 'host:5', 2000000000, 40, 'gay'),
		('t_2', 'lost its run', 'bob', 'running', 100, 120, 'host:6', 2000000000, 99, NULL),
		('t_3', 'done', NULL, 'done', 100, 105, NULL, NULL, NULL, NULL)`,
	`INSERT INTO task_runs (id, task_id, profile, status, started_at, ended_at, outcome, summary) VALUES
		(70, 't_3', 'cyd', 'done', 105, 109, 'completed', 'there'), (40, 't_1', 'ada', 'running', 110, NULL, NULL, NULL)`,
	`INSERT INTO task_comments VALUES ('c-9', 't_1', 'eve', 'first', 120), ('c-1', 't_1', 'eve', 'second', 121)`,
	`INSERT INTO task_events VALUES ('e-9', 't_3', NULL, 'created', NULL, 100), ('e-1', 't_3', '70', 'completed', '{"result_len": 0, "summary": "there"}', 109),
		('e-5', 't_1', '40', 'claimed', NULL, 110), ('e-4', 't_1', 'gone', 'ready', NULL, 111)`,
	`INSERT INTO kanban_notify_subs (task_id, platform, chat_id, created_at, last_event_id) VALUES
		('t_3', 'tui', 'a', 100, '2'), ('t_3', 'tui', 'b', 100, NULL), ('t_3', 'tui', 'c', 100, 'e-9')`,
}

// Tables whose ids are texts are made anew: every row is kept in its order, what
// names a run names it still, and a cursor is a number.
func TestDriftedTablesAreMadeAnew(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kanban.db")
	makeFile(t, path, textIDs...)
	db := storetest.Open(t, path)
	for query, want := range map[string][]string{
		`SELECT id, typeof(id) k, author, body FROM task_comments ORDER BY id`: {
			"id=1 k=integer author=eve body=first ", "id=2 k=integer author=eve body=second "},
		`SELECT id, task_id, run_id, typeof(run_id) k, kind, payload FROM task_events ORDER BY id`: {
			"id=1 task_id=t_3 run_id=NULL k=null kind=created payload=NULL ",
			`id=2 task_id=t_3 run_id=1 k=integer kind=completed payload={"result_len": 0, "summary": "there"} `,
			"id=3 task_id=t_1 run_id=2 k=integer kind=claimed payload=NULL ",
			"id=4 task_id=t_1 run_id=NULL k=null kind=promoted payload=NULL "},
		`SELECT id, task_id, profile, status, started_at, ended_at, outcome, summary FROM task_runs ORDER BY id`: {
			"id=1 task_id=t_3 profile=cyd status=done started_at=105 ended_at=109 outcome=completed summary=there ",
			"id=2 task_id=t_1 profile=ada status=running started_at=110 ended_at=NULL outcome=NULL summary=NULL ",
			"id=3 task_id=t_2 profile=bob status=running started_at=120 ended_at=NULL outcome=NULL summary=NULL "},
		`SELECT id, current_run_id r, mood FROM tasks ORDER BY id`: {"id=t_1 r=2 mood=gay ", "id=t_2 r=3 mood=NULL ", "id=t_3 r=NULL mood=NULL "},
		`SELECT chat_id, last_event_id e, typeof(last_event_id) k, delivery_mode m FROM kanban_notify_subs ORDER BY 1`: {
			"chat_id=a e=2 k=integer m=notify ", "chat_id=b e=0 k=integer m=notify ", "chat_id=c e=0 k=integer m=notify "},
		`SELECT sun FROM weather`:                                           {"sun=7 "},
		`SELECT name FROM sqlite_schema WHERE name LIKE '%legacy%'`:         nil,
		`SELECT seq FROM sqlite_sequence WHERE name = 'task_events'`:        {"seq=4 "},
		`SELECT count(*) n FROM sqlite_sequence WHERE name LIKE '%legacy%'`: {"n=0 "},
	} {
		if d := cmp.Diff(want, storetest.Dump(t, db, query)); d != "" {
			t.Errorf("%s (-want +got):\n%s", query, d)
		}
	}
	// The tables and indexes are those of a new file.
	fresh := storetest.Open(t, filepath.Join(t.TempDir(), "new.db"))
	for _, query := range []string{
		`SELECT m.name, c.name, c.type, c."notnull", c.dflt_value, c.pk FROM sqlite_schema m JOIN pragma_table_info(m.name) c
			WHERE m.type = 'table' AND m.name IN ('task_events', 'task_comments', 'task_runs', 'kanban_notify_subs') ORDER BY 1, 2`,
		`SELECT name, tbl_name FROM sqlite_schema WHERE type = 'index' ORDER BY 1`,
	} {
		if d := cmp.Diff(storetest.Dump(t, fresh, query), storetest.Dump(t, db, query)); d != "" {
			t.Errorf("(-new +migrated):\n%s", d)
		}
	}
	storetest.Check(t, db)
}

// Half a migration is none: the file is as it was, and can be tried again.
func TestFailedMigrationChangesNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kanban.db")
	// A comment without an author cannot be kept in a table that demands one.
	broken := append(slices.Clone(textIDs), `DROP TABLE task_comments`,
		`CREATE TABLE task_comments (id TEXT PRIMARY KEY, task_id TEXT, author TEXT, body TEXT, created_at INTEGER)`,
		`INSERT INTO task_comments VALUES ('c-1', 't_1', NULL, 'from nobody', 120)`)
	makeFile(t, path, broken...)
	dump := func() []string {
		var all []string
		for _, q := range []string{schemaQuery, `SELECT * FROM tasks`, `SELECT * FROM task_events`, `SELECT * FROM task_comments`} {
			all = append(all, storetest.DumpFile(t, path, q)...)
		}
		return all
	}
	before := dump()
	for range 2 {
		_, err := sqlite.Open(t.Context(), path, store.Options{})
		if err == nil || !strings.Contains(err.Error(), "bring the schema up to date") || !strings.Contains(err.Error(), "author") {
			t.Fatalf("Open: %v, want a failed migration", err)
		}
	}
	if d := cmp.Diff(before, dump()); d != "" {
		t.Errorf("(-before +after a failed migration):\n%s", d)
	}
	makeFile(t, path, `UPDATE task_comments SET author = 'nobody'`)
	storetest.Check(t, storetest.Open(t, path))
}

// What has been migrated is not migrated again, not even looked through.
func TestMigrationIsRemembered(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kanban.db")
	makeFile(t, path, textIDs...)
	storetest.Check(t, storetest.Open(t, path))
	var said []string
	db, err := sqlite.Open(t.Context(), path, store.Options{Warn: func(s string) { said = append(said, s) }})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if len(said) > 0 {
		t.Errorf("the second opening says %q; that there is no log is said once", said)
	}
	if got := storetest.Dump(t, db, `SELECT count(*) n FROM task_events`); !slices.Equal(got, []string{"n=4 "}) {
		t.Errorf("%q, want the events as they were", got)
	}
}

// The first andon that opens a file without a write-ahead log says once how to
// give it one; and such a file works.
func TestUnloggedFileIsToldOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kanban.db")
	makeFile(t, path, legacy...)
	var said []string
	for range 3 {
		db, err := sqlite.Open(t.Context(), path, store.Options{Warn: func(s string) { said = append(said, s) }})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(said) != 1 || !strings.Contains(said[0], "andon repair --wal") {
		t.Errorf("three openings said %q, want the way to a log, once", said)
	}
	if r, err := sqlite.Repair(t.Context(), path, true, store.Options{}); err != nil || r.Status != "ok" {
		t.Fatalf("repair --wal: %+v, %v", r, err)
	}
	db := storetest.Open(t, path)
	if got := storetest.Dump(t, db, `PRAGMA journal_mode`); !slices.Equal(got, []string{"journal_mode=wal "}) {
		t.Errorf("after repair --wal: %q", got)
	}
	if got := storetest.Dump(t, db, `SELECT count(*) n FROM tasks`); !slices.Equal(got, []string{"n=4 "}) {
		t.Errorf("after repair --wal: %q", got)
	}
}

// A running card whose run is not there, or is another card's, gets one of its own
// when the board is next opened: else nobody could ever take it back.
func TestRunningCardsGetARunOfTheirOwn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kanban.db")
	db := storetest.Open(t, path)
	storetest.Exec(t, db,
		`INSERT INTO task_runs (id, task_id, profile, status, started_at) VALUES (5, 't_own', 'ada', 'running', 10), (3, 't_lost', 'ada', 'running', 11)`,
		`INSERT INTO tasks (id, title, assignee, status, created_at, started_at, claim_lock, claim_expires, current_run_id) VALUES
			('t_gone', 'x', 'ada', 'running', 1, 11, 'far:1', 12, 77), ('t_lost', 'x', 'ada', 'running', 1, 11, 'far:5', 12, 78), ('t_none', 'x', 'ada', 'running', 1, 11, 'far:2', 12, 0),
			('t_other', 'x', 'ada', 'running', 1, 11, 'far:3', 12, 5), ('t_own', 'x', 'ada', 'running', 1, 10, 'far:4', 12, 5)`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is nothing to do
		db = storetest.Open(t, path)
		want := []string{"id=t_gone r=6 claim_lock=far:1 started_at=11 ", "id=t_lost r=3 claim_lock=NULL started_at=11 ", "id=t_none r=7 claim_lock=far:2 started_at=11 ",
			"id=t_other r=8 claim_lock=far:3 started_at=11 ", "id=t_own r=5 claim_lock=NULL started_at=10 "}
		got := storetest.Dump(t, db, `SELECT t.id, r.id r, r.claim_lock, r.started_at FROM tasks t JOIN task_runs r ON r.id = t.current_run_id AND r.task_id = t.id AND r.ended_at IS NULL ORDER BY t.id`)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
		storetest.Check(t, db)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
