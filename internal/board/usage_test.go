package board_test

import (
	"fmt"
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// What a run took counts once, for whom it was and when it was first told, whoever
// tells of it and in which order, on every kind of board.
func TestUsage(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		begun := time.Unix(1_800_000_000, 0)
		now := begun
		db.Now = func() time.Time { return now }
		ctx := t.Context()
		must := func(c kanban.Change, err error) kanban.Change {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		spent := func(since time.Time) string {
			t.Helper()
			by, err := b.Spent(ctx, since)
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			for _, s := range by {
				text += fmt.Sprintf("%s/%s %d %s; ", s.Profile, s.Tenant, s.Tokens(), s.Cost)
			}
			return text
		}
		id := add(t, b, kanban.Draft{Assignee: "ada", Tenant: "acme"})
		run := must(b.Claim(ctx, id, kanban.Claimant{Lock: "here:1"})).Runs[0]
		said := kanban.Expense{Model: "opus", Input: 100, Output: 20, Cost: kanban.Dollar}
		must(b.Complete(ctx, id, kanban.Report{Summary: "done", Usage: said}))
		if got, want := spent(begun), "ada/acme 120 1 USD; "; got != want {
			t.Errorf("as the worker said: %q, want %q", got, want)
		}
		now = now.Add(time.Hour)
		measured := kanban.Expense{Input: 50, Output: 20, CacheRead: 900, Measured: true}
		must(b.Used(ctx, run, measured))
		must(b.Used(ctx, run, measured)) // said again
		if got, want := spent(begun), "ada/acme 70 1 USD; "; got != want {
			t.Errorf("as it was measured: %q, want %q", got, want)
		}
		if got := spent(begun.Add(time.Second)); got != "" {
			t.Errorf("since later: %q, want none: it was told before", got)
		}
		runs, err := b.Runs(ctx, id)
		want := measured
		want.Model, want.Cost = "opus", kanban.Dollar
		if err != nil || len(runs) != 1 || runs[0].Usage != want {
			t.Errorf("the run took %+v, %v; want %+v", runs, err, want)
		}

		// A person's word on a card that nobody ran, and a card that is moved and removed.
		other := add(t, b, kanban.Draft{})
		must(b.Complete(ctx, other, kanban.Report{Usage: kanban.Expense{Output: 5}}))
		if got, want := spent(begun), "/ 5 0 USD; ada/acme 70 1 USD; "; got != want {
			t.Errorf("with a person's: %q, want %q", got, want)
		}
		of, err := b.UsageByCard(ctx, begun)
		if err != nil || len(of) != 2 || of[0].Task != id || of[0].Runs != 1 || of[1].Task != other || of[1].Tokens() != 5 {
			t.Errorf("by card: %+v, %v", of, err)
		}
		must(b.Delete(ctx, id, kanban.Deletion{}, nil))
		if got, want := spent(begun), "/ 5 0 USD; ada/acme 70 1 USD; "; got != want {
			t.Errorf("after a deletion: %q, want %q: what is spent stays so", got, want)
		}
		if of, err := b.UsageByCard(ctx, begun); err != nil || len(of) != 2 || of[0].Task != id || of[0].Title != "" {
			t.Errorf("by card, after the deletion of one: %+v, %v", of, err)
		}
		if _, err := b.Used(ctx, run, measured); kanban.CodeOf(err) != kanban.NotFound {
			t.Errorf("the usage of a deleted card: %v, want that there is none", err)
		}
		if _, err := b.Complete(ctx, add(t, b, kanban.Draft{}), kanban.Report{Usage: kanban.Expense{Input: -1}}); kanban.CodeOf(err) != kanban.Invalid {
			t.Errorf("less than none: %v", err)
		}
		storetest.Check(t, db)
	})
}

// What a floor tells of a long time is what was spent since, also where most of it was
// read before; what lies behind is read anew after a while.
func TestFloorTellsWhatWasSpent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		begun := time.Unix(1_800_000_000, 0)
		now := begun
		db.Now = func() time.Time { return now }
		ctx := t.Context()
		take := func() (kanban.TaskID, kanban.Run) {
			t.Helper()
			id := add(t, b, kanban.Draft{Assignee: "ada"})
			c, err := b.Claim(ctx, id, kanban.Claimant{Lock: "here:1"})
			if err == nil {
				_, err = b.Complete(ctx, id, kanban.Report{Usage: kanban.Expense{Output: 1}})
			}
			if err != nil {
				t.Fatal(err)
			}
			return id, c.Runs[0]
		}
		check := func(what string, want ...int64) {
			t.Helper()
			f, err := b.Floor(ctx, begun, begun.Add(time.Hour))
			if err != nil || len(f.Spent) != len(want) {
				t.Fatalf("%s: %+v, %v", what, f.Spent, err)
			}
			for i, n := range want {
				if got := (kanban.Budget{}).Sum("", f.Spent[i].By).Tokens(); got != n {
					t.Errorf("%s: %d tokens since %v, want %d", what, got, f.Spent[i].Since, n)
				}
			}
		}
		check("nothing", 0, 0)
		take()
		check("one", 1, 0)
		for i := range int64(90) {
			now = now.Add(time.Minute)
			take()
			check(fmt.Sprint("minute ", i+1), i+2, max(i-58, 0))
		}
		_, run := take()
		if _, err := b.Used(ctx, run, kanban.Expense{Output: 11, Measured: true}); err != nil {
			t.Fatal(err)
		}
		check("a correction of what is not kept yet", 102, 42)
		now = begun.Add(10 * time.Minute)
		check("the clock was set back", 102, 42)
		if f, err := b.Floor(ctx); err != nil || f.Spent != nil {
			t.Errorf("of nothing asked: %+v, %v", f.Spent, err)
		}
	})
}
