package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"

	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// intrudeEnv names a file that a process tries to write to, without waiting.
const intrudeEnv = "ANDON_TEST_INTRUDE"

func init() { children[intrudeEnv] = intrude }

func intrude(path string) error {
	db, err := driver.Open((&url.URL{Scheme: "file", Path: path, OmitHost: true}).String())
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for _, q := range []string{`PRAGMA busy_timeout = 0`, `BEGIN IMMEDIATE`} {
		if _, err = db.ExecContext(context.Background(), q); err != nil {
			break
		}
	}
	fmt.Println("busy:", errors.Is(err, sqlite3.BUSY))
	return nil
}

// heldLocks reads from the system's table the locks upon the files of a board.
func heldLocks(t *testing.T, path string) (held []string) {
	t.Helper()
	table, err := os.ReadFile("/proc/locks")
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		info, err := os.Stat(path + end)
		if err != nil {
			continue
		}
		inode := fmt.Sprintf(":%d ", info.Sys().(*syscall.Stat_t).Ino)
		for line := range strings.Lines(string(table)) {
			// 1: OFDLCK ADVISORY  WRITE -1 fe:00:9978899 1073741825 1073741825
			if _, what, _ := strings.Cut(line, ": "); strings.Contains(what, inode) {
				held = append(held, filepath.Base(path)+end+" "+strings.Join(strings.Fields(what), " "))
			}
		}
	}
	slices.Sort(held)
	return slices.Compact(held) // the table is not read at one instant: a line may come twice
}

// While this process writes, files of its board are opened and closed beside
// SQLite, which is what cancels the locks of POSIX. Ours stand: the system still
// has them, another process is kept out, and what is committed is there.
func TestLocksOutliveAPlainClose(t *testing.T) {
	storetest.Files(t, func(t *testing.T, db *store.DB) {
		path := db.Path()
		intruder := func() string {
			lines := storetest.Race(t, 1, 0, intrudeEnv+"="+path)
			return strings.Join(lines[0], "\n")
		}
		err := db.Update(t.Context(), func(tx *store.Tx) error {
			c, err := kanban.Create("t_1", kanban.Draft{Title: "x", WorkspaceKind: kanban.Scratch}, nil, tx.Now)
			if err != nil {
				return err
			}
			if err := tx.Apply(t.Context(), &c); err != nil {
				return err
			}
			before := heldLocks(t, path)
			if len(before) == 0 {
				t.Error("the system knows of no lock while a transaction is open")
			}
			closed := 0
			for _, end := range []string{"", "-wal", "-shm", "-journal"} {
				f, err := os.OpenFile(path+end, os.O_RDWR, 0)
				if err != nil {
					continue
				}
				if _, err := f.Read(make([]byte, 100)); err != nil {
					t.Logf("read %s: %v", path+end, err)
				}
				if err := f.Close(); err != nil {
					t.Error(err)
				}
				closed++
			}
			if closed < 2 {
				t.Errorf("only %d files were there to open", closed)
			}
			if d := cmp.Diff(before, heldLocks(t, path)); d != "" {
				t.Errorf("locks (-before +after a plain close):\n%s", d)
			}
			if got := intruder(); got != "busy: true" {
				t.Errorf("another process that wants to write: %q, want it kept out", got)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := intruder(); got != "busy: false" {
			t.Errorf("after the commit another process that wants to write: %q", got)
		}
		if got := storetest.Dump(t, db, `SELECT count(*) n FROM tasks`); !slices.Equal(got, []string{"n=1 "}) {
			t.Errorf("cards: %q", got)
		}
	})
}
