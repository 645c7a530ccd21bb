package dispatch_test

import (
	"context"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"andon/internal/board"
	"andon/internal/config"
	"andon/internal/dispatch"
	"andon/internal/home"
	"andon/internal/store"
	"andon/internal/worker"
	"andon/kanban"
)

// A dispatcher that finds nothing to do writes nothing: no file below the home
// changes, also where cards wait for a person, for each other, for room or for
// somebody who paused the board.
func TestIdlePassWritesNothing(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	h, err := home.Find(home.Flags{Home: root}, func(string) string { return "" }, root)
	if err != nil {
		t.Fatal(err)
	}
	places := []home.Board{h.Board(home.Default), h.Board("ops"), h.Board("lab")}
	boards := map[home.Slug]*board.Board{}
	for _, place := range places {
		db, err := place.Open(t.Context(), store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		b := board.New(db)
		boards[place.Slug] = b
		for _, d := range []kanban.Draft{{Title: "a person's", Assignee: "carol"}, {Title: "nobody's"}, {Title: "no gpu", Assignee: "agent", Resources: []string{"gpu"}},
			{Title: "later", Assignee: "agent", At: time.Now().Add(time.Hour)}, {Title: "a question", Assignee: "agent", Blocked: true}} {
			if _, _, err := b.Create(t.Context(), d); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, _, err := boards["lab"].Create(t.Context(), kanban.Draft{Title: "paused", Assignee: "agent"}); err != nil {
		t.Fatal(err)
	}
	if err := boards["lab"].Pause(t.Context(), kanban.Pause{Scope: kanban.ScopeBoard, Actor: "eve"}); err != nil {
		t.Fatal(err)
	}
	d := &dispatch.Dispatcher{
		Boards: func(context.Context) ([]home.Board, error) { return places, nil },
		Open: func(_ context.Context, place home.Board) (*board.Board, func() error, error) {
			return boards[place.Slug], func() error { return nil }, nil
		},
		PassLock: h.PassLock(),
		Settings: dispatch.Settings{Limits: dispatch.Limits{
			Dispatch: config.Dispatch{MaxInProgress: 4, Interval: config.Duration(time.Minute)}, Profiles: map[string]config.Profile{"agent": {}},
		}, Job: worker.Job{Root: root, TTL: time.Minute}},
	}
	pass := func() {
		t.Helper()
		reports, err := d.Tick(t.Context(), false)
		if err != nil || len(reports) != len(places) {
			t.Fatalf("%d reports, %v", len(reports), err)
		}
		for _, r := range reports {
			if !r.Idle() {
				t.Fatalf("board %s: %+v, want nothing to do", r.Board.Slug, r)
			}
		}
	}
	pass() // it makes the lock files
	before := filesOf(t, root)
	for range 3 {
		pass()
	}
	if diff := cmp.Diff(before, filesOf(t, root)); diff != "" {
		t.Errorf("files changed (-before +after):\n%s", diff)
	}
}

// filesOf are all files with size and date, but for the shared memory in which
// SQLite's readers note where they read.
func filesOf(t *testing.T, root string) map[string][2]int64 {
	t.Helper()
	files := map[string][2]int64{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(path, "-shm") {
			return err
		}
		info, err := e.Info()
		if err == nil {
			files[path] = [2]int64{info.Size(), info.ModTime().UnixNano()}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
