package sqlite

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"andon/internal/store"
	"andon/kanban"
)

// content is every file of a folder with its content, when nobody has one open.
func content(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	all := map[string][32]byte{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[e.Name()] = sha256.Sum256(text)
	}
	return all
}

// Whoever only looks leaves the files as they were, byte for byte.
func TestExamineAltersNothing(t *testing.T) {
	for _, mode := range []string{"WAL", "DELETE"} {
		t.Run(mode, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kanban.db")
			if mode == "DELETE" {
				pool := one(t, path)
				mustExec(t, pool, `PRAGMA journal_mode = DELETE; CREATE TABLE theirs (x)`)
				if err := pool.Close(); err != nil {
					t.Fatal(err)
				}
				before := content(t, filepath.Dir(path))
				x, err := Examine(t.Context(), path, store.Options{})
				if err != nil || x.Schema != 0 || x.Journal != "delete" || !x.Whole.IsZero() || !x.Newest.IsZero() {
					t.Errorf("of another program's file: %+v, %v", x, err)
				}
				if after := content(t, filepath.Dir(path)); len(after) != len(before) || after["kanban.db"] != before["kanban.db"] {
					t.Errorf("the folder was altered")
				}
				pool = one(t, path) // theirs, it could not become a board
				mustExec(t, pool, `DROP TABLE theirs`)
				if err := pool.Close(); err != nil {
					t.Fatal(err)
				}
			}
			db, err := Open(t.Context(), path, store.Options{})
			if err != nil {
				t.Fatal(err)
			}
			db.Now = func() time.Time { return time.Unix(1_800_000_000, 0) }
			if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.Apply(t.Context(), create("t_1")) }); err != nil {
				t.Fatal(err)
			}
			look := func() Examined {
				t.Helper()
				x, err := Examine(t.Context(), path, store.Options{})
				if err != nil {
					t.Fatal(err)
				}
				return x
			}
			open := look() // while it is in use
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			before := content(t, filepath.Dir(path))
			x := look()
			after := content(t, filepath.Dir(path))
			for name := range after {
				if after[name] != before[name] {
					t.Errorf("%s was altered", name)
				}
			}
			if len(after) != len(before) {
				t.Errorf("there were the files %v, and now %v", before, after)
			}
			if x != open {
				t.Errorf("%+v, and in use %+v", x, open)
			}
			if x.Journal != strings.ToLower(mode) || x.Schema != schemaVersion || x.Bytes <= 0 || x.Bytes%4096 != 0 || time.Since(x.Whole) > time.Hour {
				t.Errorf("%+v", x)
			}
		})
	}
}

func TestExamineRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kanban.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("a letter ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Examine(t.Context(), path, store.Options{}); kanban.CodeOf(err) != kanban.Damaged {
		t.Errorf("Examine of a letter: %v", err)
	}
}
