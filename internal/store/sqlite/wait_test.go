package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// One that was stopped when its turn had come delays the others no longer than
// the bound.
func TestStoppedHolderOfTheTurn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kanban.db")
	db, err := sqlite.Open(t.Context(), path, store.Options{Busy: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	defer holdLock(".write.lock")(t, path)()
	for range 3 {
		begun := time.Now()
		if err := addCard(t.Context(), db, kanban.TaskID(fmt.Sprint("t_", begun.UnixNano()))); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took < 100*time.Millisecond || took > 3*time.Second {
			t.Errorf("a commit took %v, want about the bound of 100 ms", took)
		}
	}
}

// A context that ends ends a wait within a tenth of a second. A busy machine may
// be late; one of a few tries must not be.
func TestCancelIsQuick(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kanban.db")
	db := storetest.Open(t, path)
	n := storetest.Neighbour(t, db)
	if _, err := n.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	best := time.Hour
	for range 5 {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := db.Update(ctx, func(*store.Tx) error { return nil })
		at, _ := ctx.Deadline()
		best = min(best, time.Since(at))
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	}
	if best > 100*time.Millisecond {
		t.Errorf("the wait ended %v after its context at best", best)
	}
	if _, err := n.ExecContext(t.Context(), `ROLLBACK`); err != nil {
		t.Fatal(err)
	}
}
