package mcp

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/kanban"
)

// A seat without sessions is given up after some time, that of a worker whose run is
// over at the second look; and then its board is let go of, once.
func TestSeatsAreGivenUp(t *testing.T) {
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "kanban.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	b := board.New(db)
	card, _, err := b.Create(t.Context(), kanban.Draft{Title: "a", Assignee: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	change, err := b.Claim(t.Context(), card.ID, kanban.Claimant{Lock: "test:1"})
	if err != nil {
		t.Fatal(err)
	}
	freed := map[string]int{}
	bearer := func(id string, scope kanban.Scope) Bearer {
		return Bearer{ID: id, Sit: func(context.Context) (*Server, func() bool, func() error, error) {
			own := board.New(db)
			own.Scope = scope
			d := &Desk{Board: own, Slug: "default"}
			s := &Server{Scope: scope, Open: func(context.Context, string) (*Desk, error) { return d, nil }}
			return s, func() bool { return true }, func() error { freed[id]++; return nil }, nil
		}}
	}
	worker, owner := bearer("worker", kanban.Scope{Task: card.ID, Run: change.Task.Run, Leased: true}), bearer("owner", kanban.Scope{})
	h := &HTTP{seats: map[string]*seat{}}
	for _, who := range []Bearer{worker, owner} {
		if server, err := h.sit(t.Context(), who, true); err != nil || server == nil {
			t.Fatalf("%s: %v, %v", who.ID, server, err)
		}
	}
	look := func(after time.Duration) {
		for id, s := range h.all() {
			h.look(t.Context(), id, s, time.Now().Add(after))
		}
	}
	look(time.Minute)
	if len(h.seats) != 2 {
		t.Fatalf("after a minute there are %d seats, want both", len(h.seats))
	}
	if _, err := b.Complete(t.Context(), card.ID, kanban.Report{Summary: "done"}); err != nil {
		t.Fatal(err)
	}
	look(time.Minute)
	if freed["worker"] != 0 {
		t.Error("the worker is not told once more that its run is over")
	}
	if _, err := h.sit(t.Context(), worker, true); kanban.CodeOf(err) != kanban.Conflict {
		t.Errorf("another session after the run: %v, want a conflict", err)
	}
	look(time.Minute)
	if freed["worker"] != 1 || freed["owner"] != 0 {
		t.Errorf("let go of: %v, want the worker's once", freed)
	}
	if server, err := h.sit(t.Context(), owner, false); err != nil || server == nil {
		t.Errorf("the owner's seat is %v, %v", server, err)
	}
	look(2 * emptyFor)
	if freed["owner"] != 1 || len(h.seats) != 0 {
		t.Errorf("let go of: %v, and %d seats are left, want none", freed, len(h.seats))
	}
	h.clear()
	if server, err := h.sit(t.Context(), owner, true); err != nil || server == nil { // who comes back sits down again
		t.Errorf("the owner's seat is %v, %v", server, err)
	}
	h.clear()
	if freed["owner"] != 2 {
		t.Errorf("let go of: %v", freed)
	}
}
