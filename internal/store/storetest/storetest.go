// Package storetest runs one test against every kind of board there is. A board
// here is a real file or a schema on a real server, as an operator would have it.
package storetest

import (
	"context"
	"database/sql"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"

	"andon/internal/store"
	"andon/internal/store/postgres"
	"andon/internal/store/sqlite"
)

// Each runs the test on an empty board of each kind: the files, and one on a
// Postgres server. When the test has ended the board must still be whole.
func Each(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	Places(t, func(t *testing.T, path string) { try(t, path, test) })
}

// Files runs the test on each kind of file: one with a write-ahead log, as andon
// makes it, and one that another program made in DELETE mode.
func Files(t *testing.T, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	files(t, func(t *testing.T, path string) { try(t, path, test) })
}

// Places runs the test with the place of a board of each kind, which the test
// has to open.
func Places(t *testing.T, test func(t *testing.T, path string)) {
	t.Helper()
	files(t, test)
	t.Run("postgres", func(t *testing.T) { test(t, Schema(t)) })
}

func files(t *testing.T, test func(t *testing.T, path string)) {
	t.Helper()
	for _, kind := range []struct {
		name string
		make func(*testing.T, string)
	}{
		{"wal", func(*testing.T, string) {}},
		{"delete", Delete},
	} {
		t.Run(kind.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kanban.db")
			kind.make(t, path)
			test(t, path)
		})
	}
}

func try(t *testing.T, path string, test func(t *testing.T, db *store.DB)) {
	t.Helper()
	db := Open(t, path)
	test(t, db)
	if !t.Failed() {
		Check(t, db)
	}
}

// Schema is the place of a board on a Postgres server that is not there yet.
func Schema(t testing.TB) string {
	t.Helper()
	return Server(t) + "#" + slug()
}

// OnPostgres reports whether the place is on a Postgres server.
func OnPostgres(path string) bool { return postgres.IsAddress(path) }

// OpenAt opens the board at the path of a file, or at an address with the
// board's name behind "#", as [store.DB.Path] gives it: also in other processes
// than the test's.
func OpenAt(ctx context.Context, path string, o store.Options) (*store.DB, error) {
	if dsn, slug, _ := strings.Cut(path, "#"); OnPostgres(path) {
		return postgres.Open(ctx, dsn, slug, o)
	}
	return sqlite.Open(ctx, path, o)
}

// Unlogged is in the one warning that a whole file can give rise to: that it has
// no write-ahead log.
const Unlogged = "andon repair --wal"

// Open opens the board at path until the test ends.
func Open(t testing.TB, path string) *store.DB {
	t.Helper()
	db, err := OpenAt(t.Context(), path, store.Options{Warn: func(s string) {
		if !strings.Contains(s, Unlogged) {
			t.Errorf("opening %s: %s", path, s)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close %s: %v", path, err)
		}
	})
	return db
}

// Check fails the test if anything on the board contradicts itself.
func Check(t testing.TB, db *store.DB) {
	t.Helper()
	found, err := db.Audit(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Errorf("audit %s: %v", db.Path(), err)
	}
	for _, f := range found {
		t.Errorf("audit: %s", f)
	}
}

// Delete makes a file in DELETE mode that holds no table.
func Delete(t *testing.T, path string) {
	t.Helper()
	db := neighbour(t, path)
	for _, q := range []string{`PRAGMA journal_mode = DELETE`, `CREATE TABLE t (x)`, `DROP TABLE t`} {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// Neighbour opens the board's database as another program does: by itself, with none
// of andon's rules, for as long as the test lasts. It has one connection.
func Neighbour(t testing.TB, db *store.DB) *sql.DB {
	t.Helper()
	n := neighbour(t, db.Path())
	t.Cleanup(func() { n.Close() })
	return n
}

func neighbour(t testing.TB, path string) *sql.DB {
	t.Helper()
	if OnPostgres(path) {
		dsn, slug, _ := strings.Cut(path, "#")
		db, err := sql.Open("pgx", dsn+"&search_path=b_"+slug)
		if err != nil {
			t.Fatal(err)
		}
		db.SetMaxOpenConns(1)
		return db
	}
	db, err := driver.Open((&url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true}).String())
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

// Exec sends statements to the board's database past all rules.
func Exec(t testing.TB, db *store.DB, statements ...string) {
	t.Helper()
	n := neighbour(t, db.Path())
	defer n.Close()
	for _, s := range statements {
		if _, err := n.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// Nail makes the database refuse every change of the card's status, with words
// in which "nailed down" stands, until the function it returns is called.
func Nail(t testing.TB, db *store.DB, id string) (draw func()) {
	t.Helper()
	if OnPostgres(db.Path()) {
		Exec(t, db, `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''the card is nailed down''; END'`,
			`CREATE TRIGGER refuse BEFORE UPDATE OF status ON tasks FOR EACH ROW WHEN (NEW.id = '`+id+`') EXECUTE FUNCTION refuse()`)
		return func() { Exec(t, db, `DROP TRIGGER refuse ON tasks`, `DROP FUNCTION refuse`) }
	}
	Exec(t, db, `CREATE TRIGGER refuse BEFORE UPDATE OF status ON tasks WHEN NEW.id = '`+id+`'
		BEGIN SELECT RAISE(ABORT, 'the card is nailed down'); END`)
	return func() { Exec(t, db, `DROP TRIGGER refuse`) }
}

// Collision is the error of a statement that did nothing because others were in
// its way.
func Collision(db *store.DB) error {
	if OnPostgres(db.Path()) {
		return &pgconn.PgError{Code: "40001"}
	}
	return sqlite3.BUSY
}

// Version is a number that changes with each commit that changed something, until
// the test ends. Other boards may not be written to meanwhile.
func Version(t testing.TB, db *store.DB) func() int64 {
	t.Helper()
	query := `PRAGMA data_version`
	if OnPostgres(db.Path()) {
		query = `SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS TEXT) AS BIGINT)`
	}
	n := Neighbour(t, db)
	return func() (v int64) {
		t.Helper()
		if err := n.QueryRowContext(t.Context(), query).Scan(&v); err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// Everything reads all that the board keeps.
func Everything(t testing.TB, db *store.DB) (lines []string) {
	t.Helper()
	tables := []string{"tasks", "task_links", "task_comments", "task_events", "task_runs", "task_attachments", "andon_runs", "andon_usage", "andon_proposals", "kanban_notify_subs", "andon_notify", "andon_routines"}
	if !OnPostgres(db.Path()) { // where a number that was not used is gone
		tables = append(tables, "sqlite_sequence")
	}
	for _, table := range tables {
		for _, l := range Dump(t, db, `SELECT * FROM `+table+` ORDER BY 1, 2`) {
			lines = append(lines, table+": "+l)
		}
	}
	return lines
}

// Dump reads every row of the query as text.
func Dump(t testing.TB, db *store.DB, query string) []string {
	t.Helper()
	return dump(t, Neighbour(t, db), query)
}

// DumpFile reads a file that no board has open, and closes it again.
func DumpFile(t testing.TB, path, query string) []string {
	t.Helper()
	n := neighbour(t, path)
	defer n.Close()
	return dump(t, n, query)
}

func dump(t testing.TB, n *sql.DB, query string) (lines []string) {
	t.Helper()
	rows, err := n.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		values, places := make([]sql.RawBytes, len(names)), make([]any, len(names))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			t.Fatal(err)
		}
		line := ""
		for i, v := range values {
			if v == nil {
				line += names[i] + "=NULL "
			} else {
				line += names[i] + "=" + string(v) + " "
			}
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}
