package board_test

import (
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// The floor tells the past of the cards which it may hold back, and of no
// others, and a guard is recorded once until a person clears it.
func TestGuardedCards(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		now := time.Unix(1_800_000_000, 0)
		db.Now = func() time.Time { return now }
		ctx := t.Context()
		pull := add(t, b, kanban.Draft{Assignee: "ada"})
		plain := add(t, b, kanban.Draft{Assignee: "ada"})
		waits := add(t, b, kanban.Draft{Assignee: "ada", Parents: []kanban.TaskID{plain}})
		for _, id := range []kanban.TaskID{pull, waits} {
			if _, err := b.Comment(ctx, id, "ada", "it is in https://github.com/acme/anvil/pull/7"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := b.Comment(ctx, plain, "ada", "no link"); err != nil {
			t.Fatal(err)
		}
		held := func() (reason kanban.GuardReason) {
			t.Helper()
			f, err := b.Floor(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for id, past := range f.Pasts {
				if id != pull {
					t.Errorf("the floor has a past of %s: %+v", id, past)
				}
				task, err := b.Task(ctx, id)
				if err != nil {
					t.Fatal(err)
				}
				g, _ := task.Guard(past, now)
				reason = g.Reason
			}
			return reason
		}
		record := func(id kanban.TaskID, want bool) {
			t.Helper()
			if got, err := b.Guard(ctx, id); err != nil || got != want {
				t.Errorf("Guard recorded %v (%v), want %v", got, err, want)
			}
		}
		if got := held(); got != kanban.GuardPull {
			t.Errorf("held by %q, want the pull request", got)
		}
		record(pull, true)
		record(pull, false)
		record(plain, false)
		record(waits, false)
		now = now.Add(time.Minute)
		record(pull, false)
		if _, err := b.Unguard(ctx, pull, "eve", ""); err != nil {
			t.Fatal(err)
		}
		if got := held(); got != "" {
			t.Errorf("after unguard it is held by %q", got)
		}
		record(pull, false)
		now = now.Add(kanban.PullRest)
		if got := held(); got != "" {
			t.Errorf("a day later it is held by %q", got)
		}
	})
}

// A card of nobody is given away with an event and keeps its failures; one that
// became somebody's meanwhile is left alone.
func TestAssignDefault(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		b.Jitter = func() float64 { return 0 }
		b.Policy = func(string) kanban.Policy { return kanban.Policy{BoardLimit: 9} }
		ctx := t.Context()
		failed := add(t, b, kanban.Draft{})
		c, err := b.Claim(ctx, failed, kanban.Claimant{Lock: "here:1"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Ended(ctx, kanban.Run{ID: c.Task.Run, Task: failed}, kanban.Exit{Code: 1}, kanban.OnExitProtocol, nil); err != nil {
			t.Fatal(err)
		}
		taken, waits := add(t, b, kanban.Draft{Assignee: "bob"}), add(t, b, kanban.Draft{Triage: true})
		from := head(t, b)
		given, err := b.AssignDefault(ctx, []kanban.TaskID{failed, taken, waits, "t_gone"}, "ada")
		if err != nil {
			t.Fatal(err)
		}
		same(t, "given", given, []kanban.TaskID{failed})
		same(t, "events", kinds(t, b, from), []string{string(failed) + " assigned"})
		task, err := b.Task(ctx, failed)
		if err != nil || task.Assignee != "ada" || task.Failures != 1 {
			t.Errorf("the card: %+v, %v; want ada's, with its failure", task, err)
		}
		events, err := b.Events(ctx, store.EventFilter{After: from})
		if err != nil {
			t.Fatal(err)
		}
		if got := events[0].Payload.Text("source"); got != "kanban.default_assignee" {
			t.Errorf("source %q", got)
		}
	})
}
