// Package storetest runs one test against every kind of board there is. A board
// here is a real file, as an operator would have it.
package storetest

import (
	"context"
	"database/sql"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3/driver"

	"andon/internal/store"
	"andon/internal/store/sqlite"
)

// Each runs the test on an empty board of each kind: one with a write-ahead log,
// as andon makes it, and one in a file that another program made in DELETE mode.
// When the test has ended the board must still be whole.
func Each(t *testing.T, test func(t *testing.T, db *store.DB)) {
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
			db := Open(t, path)
			test(t, db)
			if !t.Failed() {
				Check(t, db)
			}
		})
	}
}

// Unlogged is in the one warning that a whole file can give rise to: that it has
// no write-ahead log.
const Unlogged = "andon repair --wal"

// Open opens the board at path until the test ends.
func Open(t testing.TB, path string) *store.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path, store.Options{Warn: func(s string) {
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

// Neighbour opens the board's file as another program does: by itself, with none
// of andon's rules, for as long as the test lasts. It has one connection.
func Neighbour(t testing.TB, db *store.DB) *sql.DB {
	t.Helper()
	n := neighbour(t, db.Path())
	t.Cleanup(func() { n.Close() })
	return n
}

func neighbour(t testing.TB, path string) *sql.DB {
	t.Helper()
	db, err := driver.Open((&url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true}).String())
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

// Exec sends statements to the board's file past all rules.
func Exec(t testing.TB, db *store.DB, statements ...string) {
	t.Helper()
	n := Neighbour(t, db)
	for _, s := range statements {
		if _, err := n.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
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
