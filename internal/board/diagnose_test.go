package board_test

import (
	"testing"
	"time"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// Of all cards only those with something wrong are found, whatever it is; asked
// about one card, the answer is the same.
func TestDiagnoseFindsEverySort(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		now := time.Unix(1_800_000_000, 0)
		db.Now = func() time.Time { return now }
		ctx := t.Context()
		must := func(_ kanban.Change, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		clinic := board.Clinic{Thresholds: kanban.Thresholds{Crashes: 2, BlockedStale: time.Hour, Stranded: time.Hour, Cycles: 1, CycleWindow: 24 * time.Hour},
			Profile: func(string) bool { return true }}
		b.Policy = func(string) kanban.Policy { return kanban.Policy{BoardLimit: 2} }
		b.Jitter = func() float64 { return 0 }
		want := map[kanban.TaskID]string{}

		stuck := add(t, b, kanban.Draft{Assignee: "ada"})
		want[stuck] = "stuck_in_blocked"
		must(b.Block(ctx, stuck, kanban.Block{Reason: "which?", Author: "ada"}))
		stranded := add(t, b, kanban.Draft{Assignee: "ada"})
		want[stranded] = "stranded_in_ready"
		add(t, b, kanban.Draft{}) // nobody's, so nobody lets it lie
		now = now.Add(2 * time.Hour)

		cycling := add(t, b, kanban.Draft{Assignee: "ada"})
		want[cycling] = "block_unblock_cycling"
		for _, kind := range []kanban.BlockKind{kanban.NeedsInput, kanban.Capability} {
			must(b.Block(ctx, cycling, kanban.Block{Reason: "which?", Author: "ada", Kind: kind}))
			must(b.Unblock(ctx, cycling, kanban.Unblock{Author: "user"}))
		}
		failing := add(t, b, kanban.Draft{Assignee: "ada"})
		want[failing] = "repeated_failures"
		for range 2 {
			c, err := b.Claim(ctx, failing, kanban.Claimant{Lock: "here:1"})
			must(c, err)
			must(b.Ended(ctx, kanban.Run{ID: c.Task.Run, Task: failing}, kanban.Exit{Code: 1}, kanban.OnExitProtocol, nil))
		}
		phantom := add(t, b, kanban.Draft{Assignee: "ada"})
		want[phantom] = "prose_phantom_refs"
		must(b.Complete(ctx, phantom, kanban.Report{Summary: "see t_00000000"}))
		add(t, b, kanban.Draft{Assignee: "ada"}) // well

		found, err := b.Diagnose(ctx, "", clinic)
		if err != nil {
			t.Fatal(err)
		}
		got := map[kanban.TaskID]string{}
		for _, d := range found {
			for _, one := range d.Found {
				got[d.Task.ID] += one.Kind
			}
			alone, err := b.Diagnose(ctx, d.Task.ID, clinic)
			if err != nil || len(alone) != 1 || len(alone[0].Found) != len(d.Found) {
				t.Errorf("%s by itself: %+v, %v; among all: %+v", d.Task.ID, alone, err, d)
			}
		}
		for id, kind := range want {
			if got[id] != kind {
				t.Errorf("card %s: found %q, want %q", id, got[id], kind)
			}
			delete(got, id)
		}
		if len(got) > 0 {
			t.Errorf("found besides: %v", got)
		}
		for _, s := range []kanban.Severity{kanban.Critical, kanban.Grave, kanban.Warning} {
			for i := 1; i < len(found); i++ {
				if found[i].Found[0].Severity == s && found[i-1].Found[0].Severity.Weight() < s.Weight() {
					t.Errorf("%s comes after %s", s, found[i-1].Found[0].Severity)
				}
			}
		}
		if _, err := b.Diagnose(ctx, "t_none", clinic); kanban.CodeOf(err) != kanban.NotFound {
			t.Errorf("of a card that is not there: %v", err)
		}
	})
}
