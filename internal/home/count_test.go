package home_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

func place(t *testing.T, path string) home.Board {
	t.Helper()
	_, name, _ := strings.Cut(path, "#")
	if name == "" {
		name = "default"
	}
	slug, err := home.ParseSlug(name)
	if err != nil {
		t.Fatal(err)
	}
	return home.Board{Slug: slug, DB: path, Dir: t.TempDir()}
}

func count(t *testing.T, b home.Board, c store.SubCount, want int) {
	t.Helper()
	if n, err := b.CountSubs(t.Context(), c); err != nil || n != want {
		t.Errorf("CountSubs(%+v) = %d, %v; want %d", c, n, err, want)
	}
}

// The look for subscriptions makes no board, brings none up to date and waits for
// nobody.
func TestCountSubsWritesNothing(t *testing.T) {
	storetest.Places(t, func(t *testing.T, path string) {
		place := place(t, path)
		count(t, place, store.SubCount{}, 0) // there is none, or an empty file
		if there := place.Look(t.Context()); there == nil && storetest.OnPostgres(path) {
			t.Error("counting made a board")
		}
		if entries, err := os.ReadDir(filepath.Dir(path)); err == nil && !storetest.OnPostgres(path) {
			for _, e := range entries {
				if e.Name() != filepath.Base(path) {
					t.Errorf("counting made %s", e.Name())
				}
			}
		}
		db := storetest.Open(t, path)
		b := board.New(db)
		for _, chat := range []string{"a", "b"} {
			task, _, err := b.Create(t.Context(), kanban.Draft{Title: "x", Subs: []kanban.Sub{{Platform: "telegram", ChatID: chat, ThreadID: "7"}}})
			if err != nil {
				t.Fatal(err)
			}
			if chat == "a" {
				storetest.Exec(t, db, `UPDATE kanban_notify_subs SET platform = 'Telegram' WHERE task_id = '`+string(task.ID)+`'`)
			}
		}
		// A board of old that lacks a column is counted, and still lacks it then.
		storetest.Exec(t, db, `ALTER TABLE kanban_notify_subs DROP COLUMN delivery_metadata`, `UPDATE andon_meta SET value = '1' WHERE key = 'schema'`, `DROP TABLE andon_notify`)
		version := storetest.Version(t, db)
		before := version()
		err := db.Update(t.Context(), func(*store.Tx) error { // while a writer has the board
			count(t, place, store.SubCount{}, 2)
			count(t, place, store.SubCount{Platform: "TELEGRAM"}, 2)
			count(t, place, store.SubCount{Platform: "telegram", Chat: "a", Thread: "7"}, 1)
			count(t, place, store.SubCount{Chat: "A"}, 0)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if after := version(); after != before && !storetest.OnPostgres(path) {
			t.Error("counting changed the board")
		}
		got := storetest.Dump(t, db, `SELECT value FROM andon_meta WHERE key = 'schema'`)
		if len(got) != 1 || got[0] != "value=1 " {
			t.Errorf("counting brought the schema up to %q", got)
		}
	})
}

// A file that is there, lacks the table and has no other beside it stays alone.
func TestCountSubsWithoutTheTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kanban.db")
	storetest.Delete(t, path)
	count(t, place(t, path), store.SubCount{}, 0)
	empty := filepath.Join(t.TempDir(), "kanban.db")
	if err := os.WriteFile(empty, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	count(t, place(t, empty), store.SubCount{}, 0)
	missing := filepath.Join(t.TempDir(), "none", "kanban.db")
	count(t, place(t, missing), store.SubCount{}, 0)
	for _, p := range []string{path, empty} {
		if entries, err := os.ReadDir(filepath.Dir(p)); err != nil || len(entries) != 1 {
			t.Errorf("beside %s there is %v (%v)", p, entries, err)
		}
	}
	if info, err := os.Stat(empty); err != nil || info.Size() != 0 {
		t.Errorf("the empty file: %v, %v", info, err)
	}
	if _, err := os.Stat(filepath.Dir(missing)); err == nil {
		t.Error("counting made a folder")
	}
}
