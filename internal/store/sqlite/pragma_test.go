package sqlite

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"andon/internal/store"
)

// Every connection of the pool is set alike: a pragma that belongs to a
// connection and was sent to one of them protects only what that one does.
func TestPragmasOfEveryConnection(t *testing.T) {
	b, err := newBoard(filepath.Join(t.TempDir(), "kanban.db"), store.Options{Busy: 7 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	db, err := Open(t.Context(), b.path, b.options) // makes the file
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	pool, err := open(b.file, b.configure)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	want := map[string]string{
		"busy_timeout": "7000", "journal_mode": "wal", "synchronous": "2", "wal_autocheckpoint": "100",
		"foreign_keys": "1", "secure_delete": "1", "cell_size_check": "1", "journal_size_limit": "4194304",
	}
	if runtime.GOOS == "darwin" {
		want["checkpoint_fullfsync"] = "1"
	}
	var held []*sql.Conn
	for i := range 5 { // each is held, so that each is another
		conn, err := pool.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
		for pragma, want := range want {
			var got string
			if err := conn.QueryRowContext(t.Context(), `PRAGMA `+pragma).Scan(&got); err != nil || got != want {
				t.Errorf("connection %d: %s = %s (%v), want %s", i, pragma, got, err, want)
			}
		}
	}
	for _, c := range held {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
	if got := fmt.Sprint(pool.Stats().OpenConnections); got == "0" {
		t.Error("the pool had no connections")
	}
}

// A pragma that did not take is not passed over.
func TestPragmasAreReadBack(t *testing.T) {
	t.Parallel()
	for _, p := range pragmas {
		pool, err := open(filepath.Join(t.TempDir(), "k.db"), func(c *sqlite3.Conn) error {
			if err := set(c, time.Second); err != nil {
				return err
			}
			if err := c.Exec(fmt.Sprintf("PRAGMA %s = %d", p.name, p.value-1)); err != nil {
				return err
			}
			return unset(c)
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := pool.PingContext(t.Context()); err == nil || !strings.Contains(err.Error(), "PRAGMA "+p.name) {
			t.Errorf("%s was set otherwise: %v", p.name, err)
		}
		pool.Close()
	}
}
