package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"andon/internal/lock"
	"andon/internal/store"
	"andon/kanban"
)

// mustOpen opens a board and returns what is behind it, too.
func mustOpen(t *testing.T, path string) (*store.DB, *board) {
	t.Helper()
	b, err := newBoard(path, store.Options{Busy: 5 * time.Second, Warn: func(s string) { t.Log("warned:", s) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.open(t.Context()); err != nil {
		t.Fatal(b.explain(err))
	}
	db := b.store(path)
	t.Cleanup(func() { db.Close() })
	return db, b
}

func readStamp(t *testing.T, b *board) (s stamp) {
	t.Helper()
	text, err := os.ReadFile(b.stampFile())
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func writeStamp(t *testing.T, b *board, s stamp) {
	t.Helper()
	line, err := json.Marshal(s)
	if err == nil {
		err = os.WriteFile(b.stampFile(), line, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A stamp counts as long as nothing about the file speaks against it.
func TestStampCounts(t *testing.T) {
	t.Parallel()
	db, b := mustOpen(t, filepath.Join(t.TempDir(), "kanban.db"))
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	made := readStamp(t, b)
	if !b.stamped(stampAge) || made.Verdict != "ok" || made.When < time.Now().Add(-time.Minute).Unix() {
		t.Fatalf("a new board has the stamp %+v, want one that counts", made)
	}
	for name, alter := range map[string]func(*stamp){
		"another device":   func(s *stamp) { s.Device++ },
		"another inode":    func(s *stamp) { s.Inode++ },
		"a smaller file":   func(s *stamp) { s.Size += 1 << 30 },
		"old":              func(s *stamp) { s.When -= 24*3600 + 1 },
		"of the future":    func(s *stamp) { s.When += 25 * 3600 },
		"another verdict":  func(s *stamp) { s.Verdict = "corrupt" },
		"without contents": func(s *stamp) { *s = stamp{} },
	} {
		s := made
		alter(&s)
		writeStamp(t, b, s)
		if b.stamped(stampAge) {
			t.Errorf("%s: the stamp %+v counts", name, s)
		}
	}
	if err := os.WriteFile(b.stampFile(), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if b.stamped(stampAge) {
		t.Error("half a stamp counts")
	}
	s := made
	s.When -= 23 * 3600
	s.Size -= 100 // it grew
	writeStamp(t, b, s)
	if !b.stamped(stampAge) {
		t.Error("a stamp of yesterday on a file that grew does not count")
	}
}

// Each reason to examine the file leads to an examination, which leaves a stamp.
func TestOpenRenewsTheStamp(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(t *testing.T, b *board){
		"no stamp": func(t *testing.T, b *board) { b.unstamp() },
		"old":      func(t *testing.T, b *board) { s := readStamp(t, b); s.When -= 25 * 3600; writeStamp(t, b, s) },
		"another file": func(t *testing.T, b *board) {
			// As cp and mv do it.
			if err := errors.Join(copyFile(b.file, b.file+".new"), os.Rename(b.file+".new", b.file)); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kanban.db")
			db, b := mustOpen(t, path)
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			spoil(t, b)
			if b.stamped(stampAge) {
				t.Fatal("the stamp still counts")
			}
			_, b = mustOpen(t, path)
			if !b.stamped(stampAge) {
				t.Error("after opening there is no stamp")
			}
		})
	}
}

// A statement that meets damage takes the stamp away.
func TestDamageTakesTheStampAway(t *testing.T) {
	t.Parallel()
	db, b := mustOpen(t, filepath.Join(t.TempDir(), "kanban.db"))
	mustExec(t, b.pool, `CREATE TABLE rubbish (x)`)
	mustExec(t, b.pool, `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 100000 WHERE name = 'rubbish'; PRAGMA writable_schema = RESET`)
	if !b.stamped(stampAge) {
		t.Fatal("there is no stamp")
	}
	_, err := b.pool.ExecContext(t.Context(), `SELECT * FROM rubbish`)
	if err = b.explain(err); kanban.CodeOf(err) != kanban.Damaged || !strings.Contains(err.Error(), "andon repair") {
		t.Errorf("reading what is damaged: %v, want it called damaged", err)
	}
	if b.stamped(stampAge) {
		t.Error("the stamp is still there")
	}
	if found, err := db.Damage(t.Context()); len(found) == 0 && kanban.CodeOf(err) != kanban.Damaged {
		t.Errorf("Damage = %q, %v; want it damaged", found, err)
	}
}

// While another process examines a board, readers go on at once, and the first
// writer waits until it is through.
func TestReadersPassAnExamination(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kanban.db")
	first, b := mustOpen(t, path)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	b.unstamp()
	guard, held, err := lock.Try(path + ".init.lock")
	if err != nil || !held {
		t.Fatal(held, err)
	}
	db, b := mustOpen(t, path)
	if err := db.View(t.Context(), func(tx *store.Tx) error { _, err := tx.Head(t.Context()); return err }); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*initPoll)
	defer cancel()
	if err := db.Update(ctx, func(*store.Tx) error { return errors.New("it did not wait") }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a writer: %v, want it to wait", err)
	}
	b.stamp() // the other has found it whole
	if err := db.Update(t.Context(), func(*store.Tx) error { return nil }); err != nil {
		t.Errorf("after the examination: %v", err)
	}
	if err := guard.Unlock(); err != nil {
		t.Fatal(err)
	}
}

// If the one who began an examination has gone, the first writer does it.
func TestWriterFinishesAnExamination(t *testing.T) {
	t.Parallel()
	db, b := mustOpen(t, filepath.Join(t.TempDir(), "kanban.db"))
	b.unstamp()
	b.unchecked = true
	if err := db.Update(t.Context(), func(*store.Tx) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if !b.stamped(stampAge) {
		t.Error("there is no stamp")
	}
}

func TestRecheck(t *testing.T) {
	t.Parallel()
	_, b := mustOpen(t, filepath.Join(t.TempDir(), "kanban.db"))
	s := readStamp(t, b)
	s.When -= int64(renewAge/time.Second) + 1
	writeStamp(t, b, s)
	if err := b.recheck(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := readStamp(t, b); got.When <= s.When {
		t.Error("the stamp was not renewed")
	}
	mustExec(t, b.pool, `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 100000 WHERE name = 'idx_tasks_status'; PRAGMA writable_schema = RESET`)
	writeStamp(t, b, s)
	if err := b.recheck(t.Context()); kanban.CodeOf(err) != kanban.Damaged {
		t.Errorf("recheck of a damaged file: %v", err)
	}
	if _, err := os.Stat(b.stampFile()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a damaged file has a stamp: %v", err)
	}
}

// Two names of one file are one file.
func TestLinkedBoardIsOneFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, first := mustOpen(t, filepath.Join(dir, "kanban.db"))
	link := filepath.Join(dir, "link.db")
	if err := os.Symlink(first.path, link); err != nil {
		t.Fatal(err)
	}
	_, second := mustOpen(t, link)
	if first.file != second.file || first.stampFile() != second.stampFile() {
		t.Errorf("%s and %s are kept apart", first.file, second.file)
	}
	if free, _ := alone(second.file, func() error { return nil }); free {
		t.Error("the file is free although it is open by its other name")
	}
}
