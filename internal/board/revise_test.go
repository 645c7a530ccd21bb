package board_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// Whoever wrote for a while changes all of what they changed or nothing, and
// nothing that others have changed meanwhile.
func TestRevise(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		id := add(t, b, kanban.Draft{Title: "one", Body: "text", Assignee: "ada"})
		read := func() kanban.Task {
			task, err := b.Task(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			return task
		}
		was := read()
		now, err := b.Revise(t.Context(), was, kanban.Edit{Title: new("two")}, new("bob"))
		if err != nil || now.Title != "two" || now.Assignee != "bob" {
			t.Fatalf("revised: %+v, %v", now, err)
		}
		if d := cmp.Diff(read(), now); d != "" {
			t.Errorf("the answer is not what is stored:\n%s", d)
		}

		before := storetest.Everything(t, db)
		for name, revise := range map[string]func() error{
			"title": func() error { _, err := b.Revise(t.Context(), was, kanban.Edit{Title: new("three")}, nil); return err },
			"assignee": func() error {
				_, err := b.Revise(t.Context(), was, kanban.Edit{Body: new("x")}, new("carl"))
				return err
			},
		} {
			if err := revise(); !errors.Is(err, kanban.ErrConflict) {
				t.Errorf("%s, which another has changed: %v", name, err)
			}
		}
		if d := cmp.Diff(before, storetest.Everything(t, db)); d != "" {
			t.Errorf("refused, and something is stored:\n%s", d)
		}

		// A running card can be edited and not assigned: then neither is done.
		if _, err := b.Claim(t.Context(), id, kanban.Claimant{Lock: "here:1", TTL: time.Hour}); err != nil {
			t.Fatal(err)
		}
		before = storetest.Everything(t, db)
		if _, err := b.Revise(t.Context(), read(), kanban.Edit{Title: new("three")}, new("carl")); kanban.CodeOf(err) != kanban.Conflict {
			t.Errorf("assigned a running card: %v", err)
		}
		if d := cmp.Diff(before, storetest.Everything(t, db)); d != "" {
			t.Errorf("refused, and half of it is stored:\n%s", d)
		}
		if now, err := b.Revise(t.Context(), read(), kanban.Edit{Title: new("three")}, nil); err != nil || now.Title != "three" {
			t.Errorf("the title alone: %+v, %v", now, err)
		}
	})
}
