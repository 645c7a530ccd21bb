package dispatch_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
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

// A board that somebody holds keeps the cards of another from being started no
// longer than it takes to see that.
func TestHeldBoardHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	const waiting = 40
	h, err := home.Find(home.Flags{Home: t.TempDir()}, func(string) string { return "" }, "")
	if err != nil {
		t.Fatal(err)
	}
	places := []home.Board{h.Board(home.Default), h.Board("other")}
	boards := map[home.Slug]*board.Board{}
	for i, place := range places {
		if err := os.MkdirAll(filepath.Dir(place.DB), 0o755); err != nil {
			t.Fatal(err)
		}
		db, err := sqlite.Open(t.Context(), place.DB, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		boards[place.Slug] = board.New(db)
		for range 1 + (1-i)*(waiting-1) {
			if _, _, err := boards[place.Slug].Create(t.Context(), kanban.Draft{Title: "one", Assignee: "agent"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	defer hold(t, places[0])()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d := &dispatch.Dispatcher{
		Boards: func(context.Context) ([]home.Board, error) { return places, nil },
		Open: func(_ context.Context, place home.Board) (*board.Board, func() error, error) {
			return boards[place.Slug], func() error { return nil }, nil
		},
		Launch: func(job worker.Job, _ func()) error {
			if job.Board.Slug == "other" {
				cancel()
			}
			return nil
		},
		Settings: dispatch.Settings{Limits: dispatch.Limits{Dispatch: config.Dispatch{Interval: config.Duration(time.Hour)},
			Profiles: map[string]config.Profile{"agent": {}}}},
	}
	if err := d.Run(ctx); err != nil {
		t.Error(err)
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Error("the other board's card was not started within a minute")
	}
}
