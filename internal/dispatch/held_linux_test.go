package dispatch_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/dispatch"
	"andon/internal/home"
	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/internal/worker"
	"andon/kanban"
)

// hold keeps everybody else from writing to the board until it is called off.
func hold(t *testing.T, place home.Board) (off func()) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), place.DB, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	held, release, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		_ = db.Update(context.Background(), func(*store.Tx) error {
			close(held)
			<-release
			return nil
		})
		db.Close()
	}()
	<-held
	return func() { close(release); <-done }
}

// A card whose supervisor cannot be started comes back, also if that could not be
// recorded at once.
func TestFailedStartIsFoundAgain(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	place := placeOf(root)
	db, err := sqlite.Open(t.Context(), place.DB, store.Options{Busy: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	b := board.New(db)
	task, _, err := b.Create(t.Context(), kanban.Draft{Title: "one", Assignee: "agent"})
	if err != nil {
		t.Fatal(err)
	}
	d := dispatch.Single(b, place)
	d.Settings.Limits.Profiles = map[string]config.Profile{"agent": {}}
	off := func() {}
	d.Launch = func(worker.Job, func()) error {
		off = hold(t, place)
		return errors.New("no more processes")
	}
	pass, end, err := d.Passes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	if r, err := pass(); err != nil || len(r.Errors) == 0 {
		t.Errorf("the first pass: %+v, %v; want an error", r, err)
	}
	off()
	if r, err := pass(); err != nil || !slices.Equal(r.Crashed, []kanban.TaskID{task.ID}) {
		t.Errorf("the second pass: %+v, %v; want the card back", r, err)
	}
}
