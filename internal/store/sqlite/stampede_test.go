package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// openEnv names, one a line, the files that a process of the stampede opens. It
// waits before each until its parent closes the pipe of that round.
const openEnv = "ANDON_TEST_OPEN"

// children are what the test binary does in processes of their own, by the
// variable that asks for it.
var children = map[string]func(value string) error{
	openEnv: func(files string) error { return stampedeProcess(strings.Split(files, "\n")) },
}

func TestMain(m *testing.M) {
	for name, run := range children {
		if value := os.Getenv(name); value != "" {
			if err := run(value); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

func stampedeProcess(files []string) error {
	ctx := context.Background()
	var warned error
	for i, path := range files {
		if err := storetest.Gate(i); err != nil {
			return err
		}
		db, err := sqlite.Open(ctx, path, store.Options{Warn: func(s string) {
			// To go on without the lock of the first opening, after its ten seconds, is as
			// it shall be: on a machine that is too busy, two hundred take longer. What
			// comes of it is looked at below, all the same.
			if !strings.Contains(s, storetest.Unlogged) && !strings.Contains(s, ".init.lock, which another process has held for 10s") {
				warned = fmt.Errorf("opening %s: %s", path, s)
			}
		}})
		if err != nil {
			return err
		}
		// What was opened can be used at once.
		id := kanban.TaskID(fmt.Sprintf("t_%08x", os.Getpid()))
		err = db.Update(ctx, func(tx *store.Tx) error {
			c, err := kanban.Create(id, kanban.Draft{Title: "x", WorkspaceKind: kanban.Scratch}, nil, tx.Now)
			if err != nil {
				return err
			}
			return tx.Apply(ctx, &c)
		})
		if err != nil {
			return err
		}
		if err := db.Close(); err != nil {
			return err
		}
	}
	return warned
}

// stampede has n processes open each of the files, all of them at once.
func stampede(t *testing.T, n int, files []string) {
	t.Helper()
	storetest.Race(t, n, len(files), openEnv+"="+strings.Join(files, "\n"))
}

const schemaQuery = `SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2`

// Many processes at once open a file that is not there yet: each of them gets
// the board, and there is one schema, as if one had come alone.
func TestStampedeOnANewFile(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ processes, rounds int }{{30, 20}, {200, 1}} {
		t.Run(fmt.Sprint(tt.processes), func(t *testing.T) { stampedeOnANewFile(t, tt.processes, tt.rounds) })
	}
}

func stampedeOnANewFile(t *testing.T, processes, rounds int) {
	dir := t.TempDir()
	want := storetest.Dump(t, storetest.Open(t, filepath.Join(dir, "alone.db")), schemaQuery)
	var files []string
	for i := range rounds {
		files = append(files, filepath.Join(dir, fmt.Sprint("round", i), "kanban.db"))
	}
	stampede(t, processes, files)
	for _, path := range files {
		db := storetest.Open(t, path)
		if d := cmp.Diff(want, storetest.Dump(t, db, schemaQuery)); d != "" {
			t.Errorf("%s: schema (-alone +stampede):\n%s", path, d)
		}
		if got := storetest.Dump(t, db, `PRAGMA journal_mode`); !slices.Equal(got, []string{"journal_mode=wal "}) {
			t.Errorf("%s: %q", path, got)
		}
		if got := storetest.Dump(t, db, `SELECT count(*) n FROM tasks`); !slices.Equal(got, []string{fmt.Sprintf("n=%d ", processes)}) {
			t.Errorf("%s: %q cards, want one of each process", path, got)
		}
		storetest.Check(t, db)
	}
}

// A file of the days before runs, as Hermes once made it.
var legacy = []string{
	`CREATE TABLE tasks (
		id TEXT PRIMARY KEY, title TEXT NOT NULL, body TEXT, assignee TEXT, status TEXT NOT NULL, priority INTEGER DEFAULT 0,
		created_by TEXT, created_at INTEGER NOT NULL, started_at INTEGER, completed_at INTEGER,
		workspace_kind TEXT NOT NULL DEFAULT 'scratch', workspace_path TEXT, claim_lock TEXT, claim_expires INTEGER,
		spawn_failures INTEGER NOT NULL DEFAULT 0, last_spawn_error TEXT)`,
	`CREATE TABLE task_links (parent_id TEXT NOT NULL, child_id TEXT NOT NULL, PRIMARY KEY (parent_id, child_id))`,
	`CREATE TABLE task_comments (id INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL, author TEXT NOT NULL, body TEXT NOT NULL, created_at INTEGER NOT NULL)`,
	`CREATE TABLE task_events (id INTEGER PRIMARY KEY AUTOINCREMENT, task_id TEXT NOT NULL, kind TEXT NOT NULL, payload TEXT, created_at INTEGER NOT NULL)`,
	`CREATE TABLE kanban_notify_subs (task_id TEXT NOT NULL, platform TEXT NOT NULL, chat_id TEXT NOT NULL, thread_id TEXT NOT NULL DEFAULT '',
		user_id TEXT, created_at INTEGER NOT NULL, last_event_id INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (task_id, platform, chat_id, thread_id))`,
	`INSERT INTO tasks (id, title, assignee, status, created_at, started_at, claim_lock, claim_expires, spawn_failures, last_spawn_error) VALUES
		('t_1', 'at work', 'ada', 'running', 100, 110, 'host:5', 2000000000, 0, NULL),
		('t_2', 'failed', 'bob', 'ready', 100, NULL, NULL, NULL, 3, 'no such program'),
		('t_3', 'begun by nobody knows when', NULL, 'running', 100, NULL, 'host:6', NULL, 0, NULL),
		('t_4', 'done', NULL, 'done', 100, 100, NULL, NULL, 0, NULL)`,
	`INSERT INTO task_links VALUES ('t_4', 't_1')`,
	`INSERT INTO task_comments (task_id, author, body, created_at) VALUES ('t_1', 'eve', 'hello', 120)`,
	`INSERT INTO task_events (task_id, kind, payload, created_at) VALUES ('t_1', 'ready', NULL, 101), ('t_2', 'priority', '{"priority": 2}', 102),
		('t_2', 'spawn_auto_blocked', '{"failures": 3}', 103), ('t_4', 'completed', '{"result_len": 0, "summary": null}', 104), ('t_4', 'unheard_of', 'no json', 105)`,
	`INSERT INTO kanban_notify_subs (task_id, platform, chat_id, created_at, last_event_id) VALUES ('t_4', 'tui', 'c', 100, 2)`,
}

// An old file is brought up to date once, whoever comes at the same time, and
// nothing in it is lost.
func TestStampedeOnAnOldFile(t *testing.T) {
	t.Parallel()
	const processes = 30
	path := filepath.Join(t.TempDir(), "kanban.db")
	makeFile(t, path, legacy...)
	stampede(t, processes, []string{path})
	db := storetest.Open(t, path)
	for query, want := range map[string][]string{
		`SELECT id, title, assignee, status, started_at, claim_lock, consecutive_failures f, last_failure_error e, spawn_failures s,
			current_run_id IS NOT NULL run FROM tasks WHERE length(id) = 3 ORDER BY id`: {
			"id=t_1 title=at work assignee=ada status=running started_at=110 claim_lock=host:5 f=0 e=NULL s=0 run=1 ",
			"id=t_2 title=failed assignee=bob status=ready started_at=NULL claim_lock=NULL f=3 e=no such program s=3 run=0 ",
			"id=t_3 title=begun by nobody knows when assignee=NULL status=running started_at=NULL claim_lock=host:6 f=0 e=NULL s=0 run=1 ",
			"id=t_4 title=done assignee=NULL status=done started_at=100 claim_lock=NULL f=0 e=NULL s=0 run=0 ",
		},
		`SELECT r.task_id, r.profile, r.status, r.claim_lock, r.started_at > 0 started, r.ended_at, t.current_run_id = r.id current
			FROM task_runs r JOIN tasks t ON t.id = r.task_id ORDER BY r.task_id`: {
			"task_id=t_1 profile=ada status=running claim_lock=host:5 started=1 ended_at=NULL current=1 ",
			"task_id=t_3 profile=NULL status=running claim_lock=host:6 started=1 ended_at=NULL current=1 ",
		},
		`SELECT id, task_id, kind, payload, created_at FROM task_events WHERE id < 6 ORDER BY id`: {
			"id=1 task_id=t_1 kind=promoted payload=NULL created_at=101 ",
			`id=2 task_id=t_2 kind=reprioritized payload={"priority": 2} created_at=102 `,
			`id=3 task_id=t_2 kind=gave_up payload={"failures": 3} created_at=103 `,
			`id=4 task_id=t_4 kind=completed payload={"result_len": 0, "summary": null} created_at=104 `,
			"id=5 task_id=t_4 kind=unheard_of payload=no json created_at=105 ",
		},
		`SELECT * FROM task_links`:               {"parent_id=t_4 child_id=t_1 "},
		`SELECT author, body FROM task_comments`: {"author=eve body=hello "},
		`SELECT chat_id, last_event_id, delivery_mode, chat_type FROM kanban_notify_subs`: {"chat_id=c last_event_id=2 delivery_mode=notify chat_type=NULL "},
		`SELECT count(*) n FROM tasks`: {fmt.Sprintf("n=%d ", 4+processes)},
		`PRAGMA journal_mode`:          {"journal_mode=delete "}, // its other users chose it
	} {
		if d := cmp.Diff(want, storetest.Dump(t, db, query)); d != "" {
			t.Errorf("%s (-want +got):\n%s", query, d)
		}
	}
	storetest.Check(t, db)

	// It has the columns and the indexes of a new file, in whatever order.
	columns := `SELECT m.name, c.name, c.type, c."notnull", c.dflt_value, c.pk FROM sqlite_schema m JOIN pragma_table_info(m.name) c
		WHERE m.type = 'table' AND c.name NOT IN ('spawn_failures', 'last_spawn_error') ORDER BY 1, 2`
	indexes := `SELECT name, tbl_name, replace(sql, '  ', '') FROM sqlite_schema WHERE type = 'index' ORDER BY 1`
	fresh := storetest.Open(t, filepath.Join(t.TempDir(), "new.db"))
	for _, query := range []string{columns, indexes} {
		if d := cmp.Diff(storetest.Dump(t, fresh, query), storetest.Dump(t, db, query)); d != "" {
			t.Errorf("(-new +migrated):\n%s", d)
		}
	}
}

// A Hermes of old may leave a running card without a run on a file that is up to
// date. The next who opens it sees that.
func TestOpenGivesALaterRunningCardItsRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kanban.db")
	db := storetest.Open(t, path)
	storetest.Exec(t, db, `INSERT INTO tasks (id, title, status, created_at, claim_lock) VALUES ('t_1', 'x', 'running', 1, 'h:1')`)
	again := storetest.Open(t, path)
	if got := storetest.Dump(t, again, `SELECT count(*) n FROM task_runs WHERE task_id = 't_1' AND ended_at IS NULL`); !slices.Equal(got, []string{"n=1 "}) {
		t.Errorf("open runs: %q, want one", got)
	}
	storetest.Check(t, again)
}
