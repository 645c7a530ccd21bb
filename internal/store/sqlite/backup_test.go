package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"andon/internal/lock"
	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// fillEnv names a board to which a process adds cards, each in a transaction.
const fillEnv = "ANDON_TEST_FILL"

const fillCards = 60

func init() { children[fillEnv] = fill }

func fill(path string) error {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, path, store.Options{})
	if err != nil {
		return err
	}
	for i := range fillCards {
		id := kanban.TaskID(fmt.Sprintf("t_%d_%d", os.Getpid(), i))
		if err := addCard(ctx, db, id); err != nil {
			return err
		}
	}
	return db.Close()
}

func addCard(ctx context.Context, db *store.DB, id kanban.TaskID) error {
	return db.Update(ctx, func(tx *store.Tx) error {
		c, err := kanban.Create(id, kanban.Draft{Title: "x", Body: strings.Repeat("x", 20_000), WorkspaceKind: kanban.Scratch}, nil, tx.Now)
		if err != nil {
			return err
		}
		return tx.Apply(ctx, &c)
	})
}

func count(t *testing.T, path string) (n int) {
	t.Helper()
	got := storetest.DumpFile(t, path, `SELECT count(*) n FROM tasks`)
	if _, err := fmt.Sscanf(got[0], "n=%d", &n); err != nil {
		t.Fatal(got, err)
	}
	return n
}

// While processes write, backup after backup is one whole state; none is missed
// by it, and none of the writers fails.
func TestBackupWhileProcessesWrite(t *testing.T) {
	t.Parallel()
	for name, prepare := range map[string]func(*testing.T, string){"wal": func(*testing.T, string) {}, "delete": storetest.Delete} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "kanban.db")
			prepare(t, path)
			db := storetest.Open(t, path)
			done := make(chan struct{})
			go func() {
				defer close(done)
				storetest.Race(t, 3, 0, fillEnv+"="+path)
			}()
			last, taken := 0, 0
			for running := true; running || taken == 0; taken++ {
				select {
				case <-done:
					running = false
				default:
				}
				copied := filepath.Join(dir, fmt.Sprintf("copy%d.db", taken))
				c, err := sqlite.Backup(t.Context(), path, copied, false, nil, store.Options{})
				if err != nil || len(c.Findings) > 0 || c.Bytes != int64(c.Pages)*4096 {
					t.Fatalf("backup %d: %+v, %v", taken, c, err)
				}
				n := count(t, copied)
				if n < last {
					t.Errorf("backup %d has %d cards, the one before had %d", taken, n, last)
				}
				last = n
			}
			<-done
			storetest.Check(t, db)
			t.Logf("%d backups while 3 processes wrote", taken)
			copied := filepath.Join(dir, "last.db")
			if _, err := sqlite.Backup(t.Context(), path, copied, false, nil, store.Options{}); err != nil {
				t.Fatal(err)
			}
			if got := count(t, copied); got != 3*fillCards {
				t.Errorf("the last backup has %d cards, want %d", got, 3*fillCards)
			}
			storetest.Check(t, storetest.Open(t, copied))
			if left, _ := filepath.Glob(filepath.Join(dir, ".*.part*")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// A backup that is given up leaves nothing, and says how far it was.
func TestBackupGivenUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "kanban.db")
	db := storetest.Open(t, path)
	for i := range 100 {
		if err := addCard(t.Context(), db, kanban.TaskID(fmt.Sprint("t_", i))); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var steps []int
	_, err := sqlite.Backup(ctx, path, filepath.Join(dir, "copy.db"), false, func(done, of int) {
		steps = append(steps, done)
		if cancel(); done >= of {
			t.Errorf("the first step copied all %d pages: the board is too small for this test", of)
		}
	}, store.Options{})
	if !errors.Is(err, context.Canceled) || len(steps) != 1 {
		t.Errorf("got %v after the steps %d, want it cancelled after one", err, steps)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*copy.db*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// Nobody's board is replaced under him, whichever way he holds it.
func TestRestoreRefusesABoardInUse(t *testing.T) {
	t.Parallel()
	for name, hold := range map[string]func(t *testing.T, path string) (release func()){
		"somebody has it open and is idle": func(t *testing.T, path string) func() {
			db, err := sqlite.Open(t.Context(), path, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			return func() { db.Close() }
		},
		"somebody has a turn to write":     holdLock(".write.lock"),
		"a dispatcher is at it":            holdLock(".dispatch.lock"),
		"somebody opens it the first time": holdLock(".init.lock"),
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path, copied := filepath.Join(dir, "kanban.db"), filepath.Join(dir, "copy.db")
			db := storetest.Open(t, path)
			if _, err := sqlite.Backup(t.Context(), path, copied, false, nil, store.Options{}); err != nil {
				t.Fatal(err)
			}
			if err := addCard(t.Context(), db, "t_1"); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			release := hold(t, path)
			_, err := sqlite.Restore(t.Context(), path, copied, store.Options{})
			if kanban.CodeOf(err) != kanban.Busy || !strings.Contains(err.Error(), "is in use") {
				t.Errorf("Restore: %v, want it refused as in use", err)
			}
			release()
			if got := count(t, path); got != 1 {
				t.Errorf("the board has %d cards after a refusal, want its 1", got)
			}
			r, err := sqlite.Restore(t.Context(), path, copied, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := count(t, path); got != 0 {
				t.Errorf("the restored board has %d cards, want none", got)
			}
			if got := count(t, r.Kept); got != 1 {
				t.Errorf("what was kept has %d cards, want the former 1", got)
			}
			storetest.Check(t, storetest.Open(t, path))
		})
	}
}

func holdLock(end string) func(*testing.T, string) func() {
	return func(t *testing.T, path string) func() {
		guard, held, err := lock.Try(path + end)
		if err != nil || !held {
			t.Fatal(held, err)
		}
		return func() { guard.Unlock() }
	}
}

// A log that lies beside a board that is damaged, or gone, does not get into what
// is put in its place.
func TestRestoreTakesAStaleLogAway(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(path string) error{
		"gone":    os.Remove,
		"damaged": func(path string) error { return os.WriteFile(path, []byte("no board"), 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path, copied := filepath.Join(dir, "kanban.db"), filepath.Join(dir, "copy.db")
			db := storetest.Open(t, path)
			if _, err := sqlite.Backup(t.Context(), path, copied, false, nil, store.Options{}); err != nil {
				t.Fatal(err)
			}
			if err := addCard(t.Context(), db, "t_1"); err != nil {
				t.Fatal(err)
			}
			log, err := os.ReadFile(path + "-wal")
			if err != nil || len(log) == 0 {
				t.Fatalf("%d bytes of log, %v", len(log), err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			if name == "damaged" {
				// With a log that has every page, a damaged file is no damaged board.
				log = log[32:]
			}
			if err := errors.Join(spoil(path), os.WriteFile(path+"-wal", log, 0o644)); err != nil {
				t.Fatal(err)
			}
			if _, err := sqlite.Restore(t.Context(), path, copied, store.Options{}); err != nil {
				t.Fatal(err)
			}
			if got := count(t, path); got != 0 {
				t.Errorf("the restored board has %d cards of a log that is not its own", got)
			}
			kept, _ := filepath.Glob(path + ".replaced.*-wal")
			if len(kept) != 1 {
				t.Fatalf("kept logs: %q", kept)
			}
			if got, err := os.ReadFile(kept[0]); err != nil || !slices.Equal(got, log) {
				t.Errorf("the kept log is another: %v", err)
			}
		})
	}
}

// An old file can be restored as it is: it becomes a board of today on the way.
func TestRestoreOfAnOldFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, old := filepath.Join(dir, "kanban.db"), filepath.Join(dir, "old.db")
	makeFile(t, old, legacy...)
	before := storetest.DumpFile(t, old, schemaQuery)
	if _, err := sqlite.Restore(t.Context(), path, old, store.Options{}); err != nil {
		t.Fatal(err)
	}
	if got := count(t, path); got != 4 {
		t.Errorf("%d cards, want 4", got)
	}
	storetest.Check(t, storetest.Open(t, path))
	if after := storetest.DumpFile(t, old, schemaQuery); !slices.Equal(before, after) {
		t.Error("the old file was altered")
	}
}

// A copy whose pages have another size is as good a copy: other builds of SQLite
// have another size to begin with.
func TestRestoreOfAnotherPageSize(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, copied := filepath.Join(dir, "kanban.db"), filepath.Join(dir, "copy.db")
	db := storetest.Open(t, path)
	if err := addCard(t.Context(), db, "t_1"); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlite.Backup(t.Context(), path, copied, false, nil, store.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(addCard(t.Context(), db, "t_2"), db.Close()); err != nil {
		t.Fatal(err)
	}
	makeFile(t, copied, `PRAGMA journal_mode = DELETE; PRAGMA page_size = 8192; VACUUM`)
	if _, err := sqlite.Restore(t.Context(), path, copied, store.Options{}); err != nil {
		t.Fatal(err)
	}
	if got := count(t, path); got != 1 {
		t.Errorf("the restored board has %d cards, want 1", got)
	}
	storetest.Check(t, storetest.Open(t, path))
}
