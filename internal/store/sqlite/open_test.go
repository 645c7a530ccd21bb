package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3/driver"

	"andon/internal/lock"
	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// makeFile makes a database file as another program does.
func makeFile(t *testing.T, path string, statements ...string) {
	t.Helper()
	db, err := driver.Open((&url.URL{Scheme: "file", Path: filepath.ToSlash(path), OmitHost: true}).String())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

// A file that is no board is refused in words that help, and left as it is.
func TestOpenRefusesWhatIsNoDatabase(t *testing.T) {
	page := append([]byte("SQLite format 3\x00"), bytes.Repeat([]byte{7}, 5000)...)
	for _, tt := range []struct {
		name    string
		content []byte
		code    kanban.Code
		says    []string
	}{
		{"text", []byte("Dear Sir or Madam,\n"), kanban.Damaged,
			[]string{"file is not a database: invalid SQLite header for ", "kanban.db", "first_32=44 65 61 72 20", "move it away"}},
		{"one byte", []byte("x"), kanban.Damaged, []string{"invalid SQLite header", "first_32=78"}},
		{"TLS record at the start", append([]byte{0x16, 3, 3, 0, 5}, "hello, and more"...), kanban.Damaged,
			[]string{"invalid SQLite header", "TLS", "first_32=16 03 03 00 05"}},
		{"TLS record in the header", append([]byte("SQLit\x17\x03\x03\x00\x13"), bytes.Repeat([]byte{9}, 100)...), kanban.Damaged,
			[]string{"invalid SQLite header", "TLS"}},
		{"no TLS record: the length is 0", append([]byte{0x16, 3, 3, 0, 0}, "hello"...), kanban.Damaged, []string{"invalid SQLite header"}},
		{"truncated header", page[:16], kanban.Damaged, []string{"kanban.db"}},
		{"truncated within the header", page[:60], kanban.Damaged, []string{"kanban.db"}},
		{"header and rubbish", page, kanban.Damaged, []string{"kanban.db"}},
		{"long text", bytes.Repeat([]byte("all work and no play "), 1000), kanban.Damaged, []string{"invalid SQLite header"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kanban.db")
			if err := os.WriteFile(path, tt.content, 0o644); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time it is no better
				db, err := sqlite.Open(t.Context(), path, store.Options{})
				if err == nil {
					db.Close()
					t.Fatal("it was opened")
				}
				if got := kanban.CodeOf(err); got != tt.code {
					t.Errorf("code %d, want %d: %v", got, tt.code, err)
				}
				for _, w := range tt.says {
					if !strings.Contains(err.Error(), w) {
						t.Errorf("error %q does not say %q", err, w)
					}
				}
				if strings.HasPrefix(tt.name, "no TLS") && strings.Contains(err.Error(), "holds a TLS") {
					t.Errorf("error %q takes it for TLS", err)
				}
				if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, tt.content) {
					t.Errorf("the file was altered (%v): %d bytes, had %d", err, len(got), len(tt.content))
				}
				for _, beside := range []string{"-wal", "-shm", "-journal"} {
					if _, err := os.Stat(path + beside); !errors.Is(err, fs.ErrNotExist) {
						t.Errorf("there is a %s beside it: %v", beside, err)
					}
				}
			}
		})
	}
}

func TestOpenRefusesAFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kanban.db")
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(t.Context(), path, store.Options{})
	if kanban.CodeOf(err) != kanban.Denied || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "folder") {
		t.Errorf("got %v, want a refusal that says it is a folder", err)
	}
}

// Another program's database, which a slip may name, is left as it is.
func TestOpenRefusesAnothersDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "places.db")
	makeFile(t, path, `CREATE TABLE places (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT)`, `INSERT INTO places (name) VALUES ('home')`)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // also when it was examined already
		if _, err := sqlite.Open(t.Context(), path, store.Options{}); kanban.CodeOf(err) != kanban.Invalid || !strings.Contains(err.Error(), "no board") {
			t.Errorf("got %v, want it refused as no board", err)
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("it was altered (%v)", err)
	}
}

func TestOpenTakesAnEmptyFileForANewOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kanban.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	db := storetest.Open(t, path)
	if got := storetest.Dump(t, db, `PRAGMA journal_mode`); len(got) != 1 || got[0] != "journal_mode=wal " {
		t.Errorf("%q, want a write-ahead log", got)
	}
	storetest.Check(t, db)
}

// A name may hold what means something in a URI.
func TestOpenTakesAnyName(t *testing.T) {
	for _, name := range []string{"what?.db", "50%20.db", "a#b.db", "grüße & co.db"} {
		if runtime.GOOS == "windows" && strings.Contains(name, "?") {
			continue
		}
		path := filepath.Join(t.TempDir(), "a folder", name)
		storetest.Check(t, storetest.Open(t, path))
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Whoever finds the schema complete takes no lock: neither the one for first
// opening, which another process holds here, nor a writer's.
func TestOpenOfACompleteBoardTakesNoLock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kanban.db")
	first := storetest.Open(t, path)
	guard, held, err := lock.Try(path + ".init.lock")
	if err != nil || !held {
		t.Fatal(held, err)
	}
	defer guard.Unlock()
	if err := first.Update(t.Context(), func(*store.Tx) error {
		ctx, cancel := context.WithTimeout(t.Context(), initLimit)
		defer cancel()
		second, err := sqlite.Open(ctx, path, store.Options{Warn: func(s string) { t.Error(s) }})
		if err != nil {
			return err
		}
		return second.Close()
	}); err != nil {
		t.Fatal(err)
	}
}

// Whoever waits for the lock of first opening goes on when the one who holds it
// has made the file whole. Here it is never given back.
func TestOpenGoesOnOnceTheFileIsWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kanban.db")
	db := storetest.Open(t, path)
	n := storetest.Neighbour(t, db)
	exec := func(query string) {
		if _, err := n.ExecContext(context.WithoutCancel(t.Context()), query); err != nil {
			t.Errorf("%s: %v", query, err)
		}
	}
	exec(`UPDATE andon_meta SET key = 'not yet' WHERE key = 'schema'`)
	guard, held, err := lock.Try(path + ".init.lock")
	if err != nil || !held {
		t.Fatal(held, err)
	}
	defer guard.Unlock()
	made := make(chan struct{})
	time.AfterFunc(100*time.Millisecond, func() {
		defer close(made)
		exec(`UPDATE andon_meta SET key = 'schema' WHERE key = 'not yet'`)
	})
	ctx, cancel := context.WithTimeout(t.Context(), initLimit)
	defer cancel()
	second, err := sqlite.Open(ctx, path, store.Options{Warn: func(s string) { t.Error(s) }})
	if <-made; err != nil {
		t.Fatal(err)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	storetest.Check(t, db)
}

// initLimit is less than what a wait for the lock of first opening lasts.
const initLimit = 9 * time.Second

// A context that ends ends the wait for the board too, wherever it is waited:
// behind other writers of andon, or behind a program that does not stand in line.
func TestCancelEndsTheWaitForTheBoard(t *testing.T) {
	t.Parallel()
	for name, hold := range map[string]func(t *testing.T, db *store.DB){
		"in the queue": func(t *testing.T, db *store.DB) {
			held, ok, err := lock.Try(db.Path() + ".write.lock")
			if err != nil || !ok {
				t.Fatal(ok, err)
			}
			t.Cleanup(func() { held.Unlock() })
		},
		"for the file": func(t *testing.T, db *store.DB) {
			n := storetest.Neighbour(t, db)
			if _, err := n.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { n.ExecContext(context.Background(), `ROLLBACK`) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			storetest.Files(t, func(t *testing.T, db *store.DB) {
				hold(t, db)
				for reason, end := range map[error]func() (context.Context, context.CancelFunc){
					context.DeadlineExceeded: func() (context.Context, context.CancelFunc) {
						return context.WithTimeout(t.Context(), 100*time.Millisecond)
					},
					context.Canceled: func() (context.Context, context.CancelFunc) {
						ctx, cancel := context.WithCancel(t.Context())
						time.AfterFunc(100*time.Millisecond, cancel)
						return ctx, cancel
					},
				} {
					ctx, cancel := end()
					done := make(chan error, 1)
					go func() {
						done <- db.Update(ctx, func(*store.Tx) error { return errors.New("the board was not held") })
					}()
					<-ctx.Done()
					select {
					case err := <-done:
						if !errors.Is(err, reason) {
							t.Errorf("got %v, want %v", err, reason)
						}
					case <-time.After(3 * time.Second): // the queue alone would wait five
						t.Error("still waiting although its context has ended")
						<-done
					}
					cancel()
				}
			})
		})
	}
}

// The wait for a board that another program does not give back ends when the busy
// time does, and the error says what to do.
func TestBusyTimeEndsTheWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kanban.db")
	db, err := sqlite.Open(t.Context(), path, store.Options{Busy: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	n := storetest.Neighbour(t, db)
	if _, err := n.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	err = db.Update(t.Context(), func(*store.Tx) error { return nil })
	if kanban.CodeOf(err) != kanban.Busy || !strings.Contains(err.Error(), "ANDON_BUSY_TIMEOUT_MS") {
		t.Errorf("got %v, want one of code Busy with the way out", err)
	}
	if _, err := n.ExecContext(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
	if err := db.Update(t.Context(), func(*store.Tx) error { return nil }); err != nil {
		t.Errorf("given back, the board is still %v", err)
	}
}
