package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"andon/internal/store"
	"andon/kanban"
)

// limited is a file system that lacks what some network shares lack: memory that
// processes share, or locks.
type limited struct {
	vfs.VFS
	locks error
}

func (l limited) OpenFilename(name *vfs.Filename, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	f, flags, err := l.VFS.(vfs.VFSFilename).OpenFilename(name, flags)
	if err != nil {
		return nil, flags, err
	}
	return limitedFile{f, l.locks}, flags, nil
}

// limitedFile has no shared memory, for it does not say so.
type limitedFile struct {
	vfs.File
	locks error
}

func (f limitedFile) Lock(level vfs.LockLevel) error {
	if f.locks != nil {
		return f.locks
	}
	return f.File.Lock(level)
}

func init() {
	vfs.Register("no-shared-memory", limited{vfs.Find("os"), nil})
	vfs.Register("no-locks", limited{vfs.Find("os"), sqlite3.IOERR_LOCK})
}

// On a file system without shared memory a new board has no log; it works, and
// that it is slower is said.
func TestFileSystemWithoutSharedMemory(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kanban.db")
	var said []string
	b, err := newBoard(path, store.Options{Warn: func(s string) { said = append(said, s) }})
	if err != nil {
		t.Fatal(err)
	}
	b.vfs = "no-shared-memory"
	if err := b.open(t.Context()); err != nil {
		t.Fatal(err)
	}
	db := b.store(path)
	defer db.Close()
	if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.Apply(t.Context(), create("t_1")) }); err != nil {
		t.Error(err)
	}
	if len(said) != 1 || !strings.Contains(said[0], "cannot have a write-ahead log") || !strings.Contains(said[0], path) {
		t.Errorf("said %q", said)
	}
}

// A file system without locks is refused by name, with what to do.
func TestFileSystemWithoutLocks(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kanban.db")
	b, err := newBoard(path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	b.vfs = "no-locks"
	err = b.explain(b.open(t.Context()))
	if kanban.CodeOf(err) != kanban.Denied || !strings.Contains(err.Error(), "the file system of "+path) || !strings.Contains(err.Error(), "local disk") {
		t.Errorf("got %v, want a refusal that names the file system and the way out", err)
	}
	for _, code := range []error{sqlite3.PROTOCOL, sqlite3.IOERR_SHMMAP, sqlite3.IOERR_SHMLOCK} {
		if err := b.explain(code); kanban.CodeOf(err) != kanban.Denied || !strings.Contains(err.Error(), "local disk") {
			t.Errorf("%v: explained as %v", code, err)
		}
	}
}

func TestSoundVersions(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"3.51.3": true, "3.51.10": true, "3.52.0": true, "3.54.1": true, "4.0.0": true,
		"3.51.2": false, "3.51.0": false, "3.50.9": false, "3.40.1": false, "2.99.99": false, "3.51": false, "": false, "new": false,
	} {
		err := sound(version)
		if got := err == nil; got != want {
			t.Errorf("sound(%q) = %v", version, err)
		}
		if err != nil && (kanban.CodeOf(err) != kanban.Denied || !strings.Contains(err.Error(), "3.51.3")) {
			t.Errorf("sound(%q) = %v, want it to say which is needed", version, err)
		}
	}
	version, err := Version()
	if err != nil || sound(version) != nil {
		t.Errorf("this program has SQLite %q, %v", version, err)
	}
}

func TestNeighboursNote(t *testing.T) {
	t.Parallel()
	for system, want := range map[string]bool{"freebsd": true, "linux": false, "darwin": false, "windows": false} {
		if got := neighbours(system); strings.Contains(got, "andon's alone") != want {
			t.Errorf("neighbours(%q) = %q", system, got)
		}
	}
}

// After a commit without a log, a file that is shorter than it should be is told
// of; with a log, the file is not asked.
func TestFileLengthAfterCommit(t *testing.T) {
	was := sizeOf
	defer func() { sizeOf = was }()
	for _, mode := range []string{"WAL", "DELETE"} {
		sizeOf = was
		path := filepath.Join(t.TempDir(), "kanban.db")
		pool := one(t, path)
		mustExec(t, pool, `PRAGMA journal_mode = `+mode)
		mustExec(t, pool, `CREATE TABLE t (x); DROP TABLE t`)
		if err := pool.Close(); err != nil {
			t.Fatal(err)
		}
		db, b := mustOpen(t, path)
		write := func() error {
			return db.Update(t.Context(), func(tx *store.Tx) error {
				if found, err := tx.Exists(t.Context(), "t_1"); found || err != nil {
					return err
				}
				return tx.Apply(t.Context(), create("t_1"))
			})
		}
		asked := 0
		sizeOf = func(file string) (int64, error) {
			asked++
			info, err := os.Stat(file)
			return info.Size(), err
		}
		if err := write(); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		if want := mode == "DELETE"; (asked > 0) != want {
			t.Errorf("%s: the size was asked for %d times", mode, asked)
		}
		sizeOf = func(file string) (int64, error) {
			info, err := os.Stat(file)
			return info.Size() - 1, err
		}
		err := write()
		if mode == "WAL" {
			if err != nil {
				t.Errorf("with a log: %v", err)
			}
			continue
		}
		if kanban.CodeOf(err) != kanban.Damaged || !strings.Contains(err.Error(), "it was torn") || b.stamped(stampAge) {
			t.Errorf("a file that is too short: %v, stamped %t", err, b.stamped(stampAge))
		}
		sizeOf = func(string) (int64, error) { return 0, errors.New("not known") }
		if err := write(); err != nil {
			t.Errorf("a size that is not known: %v", err)
		}
	}
}
