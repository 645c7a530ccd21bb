package board_test

import (
	"strings"
	"testing"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

func bundle() kanban.Bundle {
	d := func(title string) kanban.Draft { return kanban.Draft{Title: title} }
	return kanban.Bundle{Format: "beads", Cards: []kanban.Brought{
		{ID: "late", Draft: d("late"), After: []string{"open", "done"}, Remarks: []kanban.Remark{{Author: "ada", Body: "hm"}, {Author: "ada", Body: " "}}},
		{ID: "done", Draft: d("done"), Status: kanban.Done, Result: "well done"},
		{ID: "open", Draft: d("open"), After: []string{"done"}},
		{ID: "early", Draft: d("early"), After: []string{"open"}, Status: kanban.Done},
		{ID: "review", Draft: d("review"), After: []string{"open"}, Status: kanban.Review},
		{ID: "blocked", Draft: d("blocked"), Status: kanban.Blocked},
		{ID: "idea", Draft: d("idea"), Status: kanban.Triage},
		{ID: "away", Draft: d("away"), Status: kanban.Archived},
	}}
}

// What another tool had is made as it stood there, once, however often it is
// brought.
func TestBring(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b, ctx := board.New(db), t.Context()
		if _, err := b.Bring(ctx, bundle(), true); err != nil {
			t.Fatal(err)
		}
		if tasks, err := b.List(ctx, store.Filter{Archived: true}); err != nil || len(tasks) > 0 {
			t.Fatalf("a dry run made %v, %v", tasks, err)
		}
		done, err := b.Bring(ctx, bundle(), false)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]kanban.Status{"late": kanban.Todo, "done": kanban.Done, "open": kanban.Ready, "early": kanban.Done,
			"review": kanban.Review, "blocked": kanban.Blocked, "idea": kanban.Triage, "away": kanban.Archived}
		for _, a := range done {
			status(t, b, a.Task.ID, want[a.Name])
			if !a.Created || a.Task.IdempotencyKey != "beads:"+a.Name || a.Task.Status != want[a.Name] {
				t.Errorf("%s: %+v", a.Name, a)
			}
		}
		if due, err := b.PromoteDue(ctx); err != nil || len(due) > 0 {
			t.Errorf("%v are due, %v", due, err)
		}
		before := storetest.Everything(t, db)
		if done, err = b.Bring(ctx, bundle(), false); err != nil || done[0].Created {
			t.Errorf("again: %+v, %v", done, err)
		}
		same(t, "brought again", storetest.Everything(t, db), before)

		more := bundle()
		more.Cards = append(more.Cards, kanban.Brought{ID: "new", Draft: kanban.Draft{Title: "new"}, After: []string{"early", "away"}})
		if done, err = b.Bring(ctx, more, false); err != nil || !done[len(done)-1].Created {
			t.Errorf("one more: %v", err)
		}
		status(t, b, done[len(done)-1].Task.ID, kanban.Ready)
	})
}

// One card that cannot be made, and none is.
func TestBringAllOrNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		for words, spoil := range map[string]func(*kanban.Brought){
			"a title":       func(c *kanban.Brought) { c.Draft.Title = " " },
			"waits for":     func(c *kanban.Brought) { c.After = []string{"nobody"} },
			"circle":        func(c *kanban.Brought) { c.After = []string{"late"} },
			"NUL":           func(c *kanban.Brought) { c.Remarks = []kanban.Remark{{Author: "a", Body: "\x00"}} },
			"cannot be run": func(c *kanban.Brought) { c.Status = kanban.Running },
			"UTF-8":         func(c *kanban.Brought) { c.Result = "\xff" },
		} {
			in := bundle()
			spoil(&in.Cards[2])
			if _, err := b.Bring(t.Context(), in, false); err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%v, want %q", err, words)
			}
		}
		if tasks, err := b.List(t.Context(), store.Filter{Archived: true}); err != nil || len(tasks) > 0 {
			t.Errorf("refusals made %v, %v", tasks, err)
		}
	})
}
