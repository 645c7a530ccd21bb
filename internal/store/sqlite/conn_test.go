package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"andon/internal/store"
	"andon/kanban"
)

// one opens a database on one connection.
func one(t *testing.T, path string) *sql.DB {
	t.Helper()
	pool, err := open(path, func(*sqlite3.Conn) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	pool.SetMaxOpenConns(1)
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return pool
}

func mustExec(t *testing.T, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, query string, args ...any) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func TestStatementsAreKept(t *testing.T) {
	t.Parallel()
	pool := one(t, filepath.Join(t.TempDir(), "k.db"))
	mustExec(t, pool, `CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)`)
	c, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for i := range 3 * keepStmts {
		var n int
		if err := c.QueryRowContext(t.Context(), `SELECT n FROM t WHERE n = ?`, 2).Scan(&n); err != nil || n != 2 {
			t.Fatalf("the kept query gives %d, %v", n, err)
		}
		mustExec(t, c, fmt.Sprintf(`UPDATE t SET n = n + %d`, i))
		mustExec(t, c, fmt.Sprintf(`UPDATE t SET n = n - %d`, i))
	}
	if err := c.Raw(func(raw any) error {
		if n := len(raw.(*conn).idle); n != keepStmts {
			t.Errorf("%d statements are kept, want %d", n, keepStmts)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// A statement that is in use is no one else's, and what it did leaves no trace.
func TestSameQueryWithinItself(t *testing.T) {
	t.Parallel()
	pool := one(t, filepath.Join(t.TempDir(), "k.db"))
	mustExec(t, pool, `CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); INSERT INTO t VALUES (3)`)
	c, err := pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	const query = `SELECT n FROM t WHERE n >= ? ORDER BY n`
	var seen []int
	var walk func(from int)
	walk = func(from int) {
		rows, err := c.QueryContext(t.Context(), query, from)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var n int
			if err := rows.Scan(&n); err != nil {
				t.Fatal(err)
			}
			seen = append(seen, n)
			if n < 3 {
				walk(n + 1)
			}
		}
	}
	walk(1)
	if got, want := fmt.Sprint(seen), "[1 2 3 3 2 3 3]"; got != want {
		t.Errorf("saw %s, want %s", got, want)
	}
	// Left in the midst, it begins anew.
	for range 2 {
		var n int
		if err := c.QueryRowContext(t.Context(), query, 2).Scan(&n); err != nil || n != 2 {
			t.Errorf("first of the rest = %d, %v; want 2", n, err)
		}
	}
}

// Hermes may add a column at any time.
func TestKeptStatementSeesNewSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "k.db")
	pool, neighbour := one(t, path), one(t, path)
	mustExec(t, pool, `CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)`)
	look := func() (n int) {
		if err := pool.QueryRowContext(t.Context(), `SELECT n FROM t WHERE n > ?`, 0).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	look()
	mustExec(t, neighbour, `ALTER TABLE t ADD COLUMN m INTEGER`)
	mustExec(t, neighbour, `DROP TABLE t; CREATE TABLE t (m INTEGER, n INTEGER); INSERT INTO t VALUES (1, 2)`)
	for range 2 {
		if got := look(); got != 2 {
			t.Errorf("a kept query reads %d from a table that was made anew, want 2", got)
		}
	}
}

func TestFailedStatementCanBeUsedAgain(t *testing.T) {
	t.Parallel()
	pool := one(t, filepath.Join(t.TempDir(), "k.db"))
	mustExec(t, pool, `CREATE TABLE t (n INTEGER PRIMARY KEY)`)
	for range 2 {
		if _, err := pool.ExecContext(t.Context(), `INSERT INTO t VALUES (?)`, "no number"); err == nil {
			t.Error("a text became a number")
		}
	}
	mustExec(t, pool, `INSERT INTO t VALUES (?)`, 1)
	if _, err := pool.ExecContext(t.Context(), `INSERT INTO t VALUES (?)`, 1); !errors.Is(err, sqlite3.CONSTRAINT) {
		t.Errorf("second insert: %v, want a broken constraint", err)
	}
	mustExec(t, pool, `INSERT INTO t VALUES (?)`, 2)
}

// A writer whose caller went away stops before its next statement, and nothing
// of it is kept.
func TestCancelledWriter(t *testing.T) {
	t.Parallel()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "kanban.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	next := map[string]func(context.Context, *store.Tx) error{
		"exec":     func(ctx context.Context, tx *store.Tx) error { return tx.Apply(ctx, create("t_2")) },
		"query":    func(ctx context.Context, tx *store.Tx) error { _, err := tx.Task(ctx, "t_1"); return err },
		"queryRow": func(ctx context.Context, tx *store.Tx) error { _, err := tx.Head(ctx); return err },
	}
	for name, statement := range next {
		for range 2 { // the second time the statement is a kept one
			if err := db.View(t.Context(), func(tx *store.Tx) error { _, err := tx.Head(t.Context()); return err }); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			err := db.Update(ctx, func(tx *store.Tx) error {
				if err := tx.Apply(ctx, create("t_1")); err != nil {
					return err
				}
				cancel()
				return statement(ctx, tx)
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s after the context ended: %v", name, err)
			}
		}
	}
	err = db.View(t.Context(), func(tx *store.Tx) error {
		there, err := tx.Exists(t.Context(), "t_1")
		if there {
			t.Error("the card of a cancelled writer is there")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func create(id kanban.TaskID) *kanban.Change {
	return &kanban.Change{Verb: kanban.VerbCreate, Task: kanban.Task{
		ID: id, Status: kanban.Ready, WorkspaceKind: kanban.Scratch, CreatedAt: time.Unix(1, 0)}}
}
