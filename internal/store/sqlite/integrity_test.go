package sqlite

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"andon/internal/store"
	"andon/kanban"
)

func TestBadIndexes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		lines []string
		want  []string
	}{
		{nil, nil},
		{[]string{"wrong # of entries in index a"}, []string{"a"}},
		{[]string{"row 3 missing from index b b", "wrong # of entries in index a", "row 12 missing from index a"}, []string{"b b", "a"}},
		{[]string{"wrong # of entries in index a", "Page 5: never used"}, nil},
		{[]string{"*** in database main ***", "row 3 missing from index a"}, nil},
		{[]string{"non-unique entry in index a"}, nil},
		{[]string{"Row 3 missing from index a"}, nil},
		{[]string{"row x missing from index a"}, nil},
		{[]string{" row 3 missing from index a"}, nil},
		{[]string{"sqlite refused to open file: database disk image is malformed"}, nil},
	} {
		if got := badIndexes(tt.lines); !slices.Equal(got, tt.want) {
			t.Errorf("badIndexes(%q) = %q, want %q", tt.lines, got, tt.want)
		}
	}
	for lines, want := range map[string]bool{"ok": true, "OK": true, "": false, "ok\nok": false, "okay": false} {
		if got := healthy(strings.Split(lines, "\n")); got != want {
			t.Errorf("healthy(%q) = %t", lines, got)
		}
	}
}

// damagedBoard makes a board whose named indexes lack their entries.
func damagedBoard(t *testing.T, indexes ...string) *board {
	t.Helper()
	db, b := mustOpen(t, filepath.Join(t.TempDir(), "kanban.db"))
	if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.Apply(t.Context(), create("t_1")) }); err != nil {
		t.Fatal(err)
	}
	for _, name := range indexes {
		var words string
		if err := b.pool.QueryRowContext(t.Context(), `SELECT sql FROM sqlite_schema WHERE name = ?`, name).Scan(&words); err != nil {
			t.Fatal(err)
		}
		mustExec(t, b.pool, fmt.Sprintf(`DROP INDEX %s; %s WHERE 0; PRAGMA writable_schema = ON;
			UPDATE sqlite_schema SET sql = '%s' WHERE name = '%[1]s'; PRAGMA writable_schema = RESET`, name, words, words))
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	b.unstamp()
	return b
}

// Damaged indexes are written anew in the order in which they were named, and not
// before a copy was made of the file as it was.
func TestRepairOfIndexes(t *testing.T) {
	t.Parallel()
	b := damagedBoard(t, "idx_tasks_status", "idx_tasks_tenant")
	before, err := os.ReadFile(b.file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Repair(t.Context(), b.path, false, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Status != "repaired" || len(r.Reindexed) != 2 || !healthy(r.PostMessages) || len(r.Messages) < 2 {
		t.Errorf("%+v, want it repaired", r)
	}
	if want := badIndexes(r.Messages); !slices.Equal(r.Reindexed, want) {
		t.Errorf("indexes %q, want them in the order of the messages, %q", r.Reindexed, want)
	}
	copied, err := os.ReadFile(r.BackupPath)
	if err != nil || string(copied) != string(before) {
		t.Errorf("the copy is not the file as it was: %v", err)
	}
	sum := sha256.Sum256(before)
	if want := b.file + ".corrupt." + hex.EncodeToString(sum[:8]) + ".bak"; r.BackupPath != want {
		t.Errorf("the copy is %s, want %s", r.BackupPath, want)
	}
	if !b.stamped(stampAge) {
		t.Error("a repaired file has no stamp")
	}
}

// One line about anything else, and nothing is touched.
func TestNoRepairOfAnythingElse(t *testing.T) {
	t.Parallel()
	b := damagedBoard(t, "idx_tasks_status")
	pool := one(t, b.file)
	mustExec(t, pool, `CREATE TABLE rubbish (x)`)
	mustExec(t, pool, `INSERT INTO rubbish VALUES (NULL)`)
	mustExec(t, pool, `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE rubbish (x NOT NULL)' WHERE name = 'rubbish'; PRAGMA writable_schema = RESET`)
	if err := pool.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(b.file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Repair(t.Context(), b.path, true, store.Options{})
	if !slices.Contains(r.Messages, "NULL value in rubbish.x") {
		t.Errorf("messages %q", r.Messages)
	}
	if err != nil || r.Status != "corrupt" || len(r.Reindexed) != 0 || r.BackupPath == "" {
		t.Errorf("%+v, %v; want it corrupt, with a copy", r, err)
	}
	if after, err := os.ReadFile(b.file); err != nil || string(after) != string(before) {
		t.Errorf("the file was altered: %v", err)
	}
}

// A board that others hold is busy, and not damaged.
func TestBusyIsNoDamage(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kanban.db")
	holder := one(t, path)
	mustExec(t, holder, `CREATE TABLE tasks (id TEXT PRIMARY KEY)`)
	mustExec(t, holder, `BEGIN EXCLUSIVE`) // in DELETE mode this keeps readers out, too
	for name, try := range map[string]func() error{
		"open": func() error {
			_, err := Open(t.Context(), path, store.Options{Busy: 20 * time.Millisecond})
			return err
		},
		"repair": func() error {
			_, err := Repair(t.Context(), path, false, store.Options{Busy: 20 * time.Millisecond})
			return err
		},
	} {
		if err := try(); kanban.CodeOf(err) != kanban.Busy {
			t.Errorf("%s: %v, want it busy", name, err)
		}
	}
	mustExec(t, holder, `ROLLBACK`)
	if found, _ := filepath.Glob(path + ".corrupt*"); len(found) > 0 {
		t.Errorf("copies were made: %q", found)
	}
}

// What stands in the log of a damaged file is copied with it, and stays in the
// log.
func TestCopyTakesTheLogAlong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, crashed := filepath.Join(dir, "kanban.db"), filepath.Join(dir, "crashed.db")
	db, b := mustOpen(t, path)
	if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.Apply(t.Context(), create("t_1")) }); err != nil {
		t.Fatal(err)
	}
	mustExec(t, b.pool, `CREATE TABLE rubbish (x)`)
	mustExec(t, b.pool, `PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = 100000 WHERE name = 'rubbish'; PRAGMA writable_schema = RESET`)
	// What a crash leaves: the file and the log as they are now.
	for _, end := range []string{"", "-wal"} {
		if err := copyFile(path+end, crashed+end); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.ReadFile(crashed + "-wal")
	if err != nil || len(log) == 0 {
		t.Fatalf("%d bytes of log, %v", len(log), err)
	}
	r, err := Repair(t.Context(), crashed, false, store.Options{})
	if err != nil || r.Status != "corrupt" {
		t.Fatalf("%+v, %v; want it corrupt", r, err)
	}
	for _, f := range []string{crashed + "-wal", r.BackupPath + "-wal"} {
		if got, err := os.ReadFile(f); err != nil || string(got) != string(log) {
			t.Errorf("%s is not the log as it was: %v", f, err)
		}
	}
}

// Ten copies are kept, the newest by their time, and the one just made is among
// them although its time is that of the damaged file.
func TestCopiesAreKeptInBounds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := &board{path: filepath.Join(dir, "kanban.db"), file: filepath.Join(dir, "kanban.db")}
	other := filepath.Join(dir, "kanban.db.corrupt.mine.bak")
	old := time.Now().Add(-1000 * time.Hour)
	var made []string
	for i := range 15 {
		age := old.Add(time.Duration(i) * time.Hour)
		if i == 14 {
			age = old.Add(-time.Hour) // the last is the oldest
		}
		for name, text := range map[string]string{b.file: fmt.Sprint("rubbish ", i), b.file + "-wal": "log", other: "not ours"} {
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(b.file, age, age); err != nil {
			t.Fatal(err)
		}
		name, err := b.quarantine()
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(name)
		if err != nil || !info.ModTime().Equal(age) {
			t.Errorf("the copy has the time %v, want %v (%v)", info.ModTime(), age, err)
		}
		if again, err := b.quarantine(); again != name || err != nil {
			t.Errorf("the same bytes got a second name, %s, %v", again, err)
		}
		made = append(made, name)
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.bak"))
	if err != nil {
		t.Fatal(err)
	}
	want := append([]string{other}, made[5:]...)
	slices.Sort(want)
	if !slices.Equal(found, want) {
		t.Errorf("kept %q, want %q", found, want)
	}
	logs, _ := filepath.Glob(filepath.Join(dir, "*.bak-wal"))
	if len(logs) != 10 {
		t.Errorf("%d logs are kept, want one with each copy", len(logs))
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.part")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// While this process has a board open nobody reads its bytes.
func TestNoCopyOfAnOpenFile(t *testing.T) {
	t.Parallel()
	_, b := mustOpen(t, filepath.Join(t.TempDir(), "kanban.db"))
	if name, err := b.quarantine(); name != "" || err != nil {
		t.Errorf("quarantine of an open file = %q, %v; want no copy", name, err)
	}
}
