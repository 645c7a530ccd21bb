package postgres_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// A writer that was stopped amidst his transaction does not keep the board: the
// server ends it, others go on, and he is told that nothing was changed.
func TestAStoppedWriterLosesTheBoard(t *testing.T) {
	t.Parallel()
	place := storetest.Schema(t)
	stopped, err := storetest.OpenAt(t.Context(), place, store.Options{Busy: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer stopped.Close()
	other := storetest.Open(t, place)
	for name, end := range map[string]func(*store.Tx) error{
		"at a statement":  func(tx *store.Tx) error { return put(t.Context(), tx, "t_late") },
		"at the commit":   func(*store.Tx) error { return nil },
		"at the rollback": func(*store.Tx) error { return errors.New("nothing was changed") },
	} {
		err := stopped.Update(t.Context(), func(tx *store.Tx) error {
			if err := put(t.Context(), tx, "t_1"); err != nil {
				return err
			}
			if err := create(t.Context(), other, kanban.TaskID("t_"+name)); err != nil {
				t.Errorf("%s: others wait in vain: %v", name, err)
			}
			return end(tx)
		})
		if err == nil || errors.Is(err, kanban.ErrUnknown) || !strings.Contains(err.Error(), "nothing was changed") {
			t.Errorf("%s: %v, want that nothing was changed", name, err)
		}
	}
	if got := storetest.Dump(t, other, `SELECT count(*) n FROM tasks WHERE id IN ('t_1', 't_late')`); !slices.Equal(got, []string{"n=0 "}) {
		t.Errorf("of the stopped writer there is %q", got)
	}
}
