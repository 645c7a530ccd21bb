package board_test

import (
	"testing"
	"time"

	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// Of a change that cannot be undone any more nothing is kept: a card that was deleted
// is gone then with its words.
func TestOldChangesAreForgotten(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newScene(t, db)
		kept := func(id kanban.TaskID) []string {
			t.Helper()
			s.command()
			if _, err := s.Edit(t.Context(), id, kanban.Edit{Priority: new(int64(5))}); err != nil {
				t.Fatal(err)
			}
			if id == s.parent {
				storetest.Exec(t, db, `UPDATE andon_undo SET made_at = 1`)
			}
			if _, err := s.Forget(t.Context(), time.Unix(1, 0)); err != nil {
				t.Fatal(err)
			}
			return storetest.Dump(t, db, `SELECT task_id FROM andon_undo`)
		}
		same(t, "of an old change", kept(s.parent), nil)
		same(t, "of one of today", kept(s.other), []string{"task_id=" + string(s.other) + " "})
	})
}
