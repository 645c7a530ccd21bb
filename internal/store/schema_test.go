package store_test

import (
	"path/filepath"
	"testing"

	"andon/internal/store/storetest"
)

// A board of an older andon gets what it lacks when it is opened.
func TestBoardOfAnOlderAndon(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kanban.db")
	old := storetest.Open(t, path)
	mustCreate(t, old, "t_1")
	storetest.Exec(t, old, `ALTER TABLE tasks DROP COLUMN andon_start_at`, `UPDATE andon_meta SET value = '1' WHERE key = 'schema'`)
	db := storetest.Open(t, path)
	mustCreate(t, db, "t_2")
	storetest.Check(t, db)
	if got := storetest.Dump(t, db, `SELECT count(*) n FROM tasks WHERE andon_start_at IS NULL`); len(got) != 1 || got[0] != "n=2 " {
		t.Errorf("cards: %q", got)
	}
}

// Likewise what came with notifications, on every kind of board.
func TestBoardFromBeforeNotifications(t *testing.T) {
	storetest.Places(t, func(t *testing.T, path string) {
		old := storetest.Open(t, path)
		mustCreate(t, old, "t_1")
		storetest.Exec(t, old, `DROP TABLE andon_notify`, `UPDATE andon_meta SET value = '1' WHERE key = 'schema'`)
		db := storetest.Open(t, path)
		if got := storetest.Dump(t, db, `SELECT count(*) AS n FROM andon_notify`); len(got) != 1 || got[0] != "n=0 " {
			t.Errorf("andon_notify: %q", got)
		}
		if got := storetest.Dump(t, db, `SELECT value FROM andon_meta WHERE key = 'schema'`); len(got) != 1 || got[0] != "value=4 " {
			t.Errorf("the version is %q", got)
		}
		storetest.Check(t, db)
	})
}
