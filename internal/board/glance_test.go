package board_test

import (
	"slices"
	"testing"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// A glance reads what changed of what is shown, and nothing else: the columns a
// card left and came to, and those whose count is another.
func TestGlanceReadsWhatChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx, b := t.Context(), board.New(db)
		var ids []kanban.TaskID
		for _, title := range []string{"one", "two", "three"} {
			task, _, err := b.Create(ctx, kanban.Draft{Title: title, CreatedBy: "user"})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, task.ID)
		}
		var spans []store.Span
		for _, s := range []kanban.Status{kanban.Ready, kanban.Blocked, kanban.Done} {
			spans = append(spans, store.Span{Status: s, Limit: 10})
		}
		last := board.Glance{}
		glance := func(what string, want ...kanban.Status) {
			t.Helper()
			shown := map[kanban.TaskID]kanban.Status{}
			for s, l := range last.Lanes {
				for _, c := range l.Cards {
					shown[c.ID] = s
				}
			}
			g, err := b.Glance(ctx, board.Watched{Spans: spans, After: last.Head, Counts: last.Counts, Shown: shown})
			if err != nil {
				t.Fatal(err)
			}
			var got []kanban.Status
			for s := range g.Lanes {
				got = append(got, s)
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: read %q, want %q", what, got, want)
			}
			lanes := last.Lanes
			last = g
			for s, l := range lanes {
				if _, again := g.Lanes[s]; !again {
					last.Lanes[s] = l
				}
			}
		}
		glance("the first", kanban.Ready, kanban.Blocked, kanban.Done)
		glance("nothing happened")
		title := "uno"
		if _, err := b.Edit(ctx, ids[0], kanban.Edit{Title: &title}); err != nil {
			t.Fatal(err)
		}
		glance("an edit", kanban.Ready)
		if _, err := b.Block(ctx, ids[1], kanban.Block{Reason: "why", Author: "user"}); err != nil {
			t.Fatal(err)
		}
		glance("a move", kanban.Ready, kanban.Blocked)
		if _, err := b.Archive(ctx, ids[1]); err != nil {
			t.Fatal(err)
		}
		glance("it is put away", kanban.Blocked)
		if _, err := b.Archive(ctx, ids[2]); err != nil {
			t.Fatal(err)
		}
		glance("another one", kanban.Ready)
		if n := last.Counts[kanban.Ready]; n != 1 || last.Lanes[kanban.Ready].Cards[0].Title != "uno" {
			t.Errorf("ready has %d cards, %+v", n, last.Lanes[kanban.Ready].Cards)
		}
	})
}
