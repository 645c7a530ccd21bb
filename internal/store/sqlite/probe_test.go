package sqlite_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/internal/store/storetest"
)

// A look that only counts leaves no file behind, whichever journal the board has
// and whether or not anybody has it open.
func TestProbeMakesNothing(t *testing.T) {
	t.Parallel()
	list := func(t *testing.T, path string) (names []string) {
		t.Helper()
		entries, err := os.ReadDir(filepath.Dir(path))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	probe := func(t *testing.T, path, table string) (found bool) {
		t.Helper()
		before := list(t, path)
		db, err := sqlite.Probe(t.Context(), path, table)
		if err != nil {
			t.Fatal(err)
		}
		if db != nil {
			if err := db.View(t.Context(), func(tx *store.Tx) error { _, err := tx.CountSubs(t.Context(), store.SubCount{}); return err }); err != nil {
				t.Error(err)
			}
			if err := db.Update(t.Context(), func(*store.Tx) error { return nil }); err == nil {
				t.Error("a look may write")
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
		if after := list(t, path); !slices.Equal(before, after) {
			t.Errorf("before a look there was %q, after it %q", before, after)
		}
		return db != nil
	}
	path := filepath.Join(t.TempDir(), "kanban.db")
	db := storetest.Open(t, path)
	if !probe(t, path, "kanban_notify_subs") {
		t.Error("while it is open, the table is not found")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if !probe(t, path, "kanban_notify_subs") || probe(t, path, "nothing") {
		t.Error("which tables there are is not told")
	}
	old := filepath.Join(t.TempDir(), "kanban.db")
	makeFile(t, old, oddTypes...)
	if probe(t, old, "kanban_notify_subs") {
		t.Error("a file of before subscriptions")
	}
	if probe(t, filepath.Join(t.TempDir(), "none.db"), "tasks") {
		t.Error("found in no file")
	}
}
