package board_test

import (
	"context"
	"path/filepath"
	"testing"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/sqlite"
)

func open(t *testing.T) (*board.Board, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kanban.db")
	db, err := sqlite.Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return board.New(db), path
}

func TestFollowEndsWithItsContext(t *testing.T) {
	t.Parallel()
	b, _ := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // before it has begun to wait
	for e, err := range b.Follow(ctx, 0, store.EventFilter{}) {
		t.Errorf("Follow with an ended context yields %v, %v; want nothing", e, err)
	}
}
