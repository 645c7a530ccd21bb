package board_test

import (
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// How long things took is told to the second, of the time that is asked for.
func TestFlow(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		begun := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) // a Monday
		now := begun
		db.Now = func() time.Time { return now }
		ctx := t.Context()
		must := func(_ kanban.Change, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		life := func(waits, works, blocked time.Duration) {
			t.Helper()
			id := add(t, b, kanban.Draft{Assignee: "ada"})
			now = now.Add(waits)
			must(b.Claim(ctx, id, kanban.Claimant{Lock: "here:1"}))
			if blocked > 0 {
				must(b.Block(ctx, id, kanban.Block{Reason: "?", Author: "ada"}))
				now = now.Add(blocked)
				must(b.Unblock(ctx, id, kanban.Unblock{Author: "user"}))
				must(b.Claim(ctx, id, kanban.Claimant{Lock: "here:1"}))
			}
			now = now.Add(works)
			must(b.Complete(ctx, id, kanban.Report{}))
		}
		life(time.Minute, time.Minute, 0)
		now = begun.AddDate(0, 0, 7) // the next week
		since := now
		life(10*time.Second, 20*time.Second, 30*time.Second)
		life(time.Hour, time.Hour, 0)
		stuck := add(t, b, kanban.Draft{Assignee: "ada"})
		must(b.Block(ctx, stuck, kanban.Block{Reason: "?", Author: "ada"}))
		now = now.Add(5 * time.Minute)

		weeks := kanban.Weeks(3, now, time.UTC)
		s, err := b.Flow(ctx, since, weeks)
		if err != nil {
			t.Fatal(err)
		}
		for what, c := range map[string]struct {
			got    kanban.Quantiles
			n      int
			median time.Duration
			most   time.Duration
		}{
			"created": {s.FromCreated, 2, time.Minute, 2 * time.Hour},
			"started": {s.FromStarted, 2, 50 * time.Second, time.Hour},
			"blocked": {s.Blocked, 2, 30 * time.Second, 5 * time.Minute},
			"ageing":  {s.Ageing[kanban.Blocked], 1, 5 * time.Minute, 5 * time.Minute},
		} {
			if c.got.Count != c.n || c.got.Median != c.median || c.got.Max != c.most {
				t.Errorf("%s: %+v, want %d, median %v, most %v", what, c.got, c.n, c.median, c.most)
			}
		}
		if s.StillOpen != 1 || s.Outcomes[kanban.OutcomeCompleted] != 2 || s.Outcomes[kanban.OutcomeBlocked] != 2 {
			t.Errorf("open %d, outcomes %v", s.StillOpen, s.Outcomes)
		}
		var done []int
		for _, w := range s.Weeks {
			done = append(done, w.Done)
		}
		same(t, "completed by week", done, []int{0, 1, 2})
		if weeks[1].Done != 0 {
			t.Error("the caller's weeks were counted into")
		}
		counts, err := b.Stats(ctx)
		if err != nil || len(counts.Counts) != 2 || counts.Counts[0] != (store.Count{Status: kanban.Blocked, Assignee: "ada", N: 1}) {
			t.Errorf("counts %+v, %v", counts, err)
		}
	})
}
