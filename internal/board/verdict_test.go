package board_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"andon/internal/board"
	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// held makes a running card with a check, and reports on it.
func held(t *testing.T, b *board.Board, summary string) (kanban.Run, kanban.Proposal) {
	t.Helper()
	id := add(t, b, kanban.Draft{Assignee: "ada", Check: "make test"})
	c, err := b.Claim(t.Context(), id, kanban.Claimant{Lock: "h:1"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Complete(t.Context(), id, kanban.Report{Run: c.Runs[0].ID, Summary: summary})
	if err != nil || len(p.Proposals) != 1 || p.Task.Status != kanban.Running {
		t.Fatalf("Complete = %+v, %v; want a proposal", p, err)
	}
	return c.Runs[0], p.Proposals[0]
}

// However many report and judge at once: one check, one verdict, one completion.
func TestOneVerdictForAll(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		run, p := held(t, b, "one")
		child := add(t, b, kanban.Draft{Parents: []kanban.TaskID{run.Task}})
		var judges, verdicts atomic.Int32
		var all sync.WaitGroup
		for _, by := range []string{"h:1", "h:2", "h:3", "h:4"} {
			all.Go(func() {
				c, err := b.Complete(t.Context(), run.Task, kanban.Report{Run: run.ID, Summary: by})
				if err == nil && len(c.Proposals) == 1 && c.Proposals[0].ID != p.ID {
					t.Errorf("a second proposal: %+v", c.Proposals)
				}
				if _, err := b.Judge(t.Context(), p, by, "", "make test"); err != nil {
					if !errors.Is(err, kanban.ErrHeld) && !errors.Is(err, kanban.ErrSuperseded) {
						t.Error(err)
					}
					return
				}
				judges.Add(1)
				for range 2 {
					if _, err := b.Verdict(t.Context(), p, kanban.Verdict{By: by, Passed: true, Exit: "exit 0"}); err == nil {
						verdicts.Add(1)
					} else if !errors.Is(err, kanban.ErrSuperseded) {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if judges.Load() != 1 || verdicts.Load() != 1 {
			t.Errorf("%d judges and %d verdicts, want one each", judges.Load(), verdicts.Load())
		}
		status(t, b, run.Task, kanban.Done)
		status(t, b, child, kanban.Ready)
	})
}

// What a report names is kept when the check has passed, as the last report has it,
// and never for a refusal.
func TestArtifactsAreKeptAfterTheVerdict(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		var kept, discarded []string
		fail := false
		b.Deliver = func(_ context.Context, _ kanban.Task, r kanban.Report) (kanban.Report, func(), error) {
			if fail {
				return r, func() {}, kanban.Invalidf("the artifact is gone")
			}
			kept = append(kept, r.Artifacts...)
			return r.Delivered([]string{"/kept/" + r.Artifacts[0]}, nil), func() { discarded = append(discarded, r.Artifacts...) }, nil
		}
		run, p := held(t, b, "one")
		report := kanban.Report{Run: run.ID, Artifacts: []string{"a.pdf"}}
		judge := func() {
			t.Helper()
			if _, err := b.Complete(t.Context(), run.Task, report); err != nil {
				t.Fatal(err)
			}
			all, err := b.Proposals(t.Context(), run.Task)
			if err != nil {
				t.Fatal(err)
			}
			p = all[len(all)-1]
			if _, err := b.Judge(t.Context(), p, "h:1", "", "make"); err != nil {
				t.Fatal(err)
			}
		}
		judge()
		if _, err := b.Verdict(t.Context(), p, kanban.Verdict{By: "h:1", Exit: "exit 1"}); err != nil {
			t.Fatal(err)
		}
		fail = true
		judge()
		if _, err := b.Verdict(t.Context(), p, kanban.Verdict{By: "h:1", Passed: true}); kanban.CodeOf(err) != kanban.Invalid {
			t.Errorf("a report that cannot be kept: %v", err)
		}
		status(t, b, run.Task, kanban.Running)
		fail = false
		judge()
		if len(kept) != 0 {
			t.Errorf("kept %q before the verdict", kept)
		}
		if _, err := b.Verdict(t.Context(), p, kanban.Verdict{By: "h:1", Passed: true}); err != nil {
			t.Fatal(err)
		}
		status(t, b, run.Task, kanban.Done)
		same(t, "kept", kept, []string{"a.pdf"})
		same(t, "discarded", discarded, nil)
		all, err := b.Proposals(t.Context(), run.Task)
		var states []kanban.ProposalState
		for _, p := range all {
			states = append(states, p.State)
		}
		if err != nil {
			t.Fatal(err)
		}
		same(t, "states", states, []kanban.ProposalState{kanban.ProposalRefused, kanban.ProposalAbandoned, kanban.ProposalPassed})
	})
}

// A report of a run that was superseded does not wait, and one that waits does not
// count for the next run.
func TestProposalsArePinned(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		b := board.New(db)
		run, p := held(t, b, "one")
		if _, err := b.Judge(t.Context(), p, "h:1", "", "make"); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Ended(t.Context(), run, kanban.Exit{Unknown: true}, kanban.OnExitProtocol, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := b.Complete(t.Context(), run.Task, kanban.Report{Run: run.ID}); !errors.Is(err, kanban.ErrSuperseded) {
			t.Errorf("an old run reports: %v", err)
		}
		second, err := b.Claim(t.Context(), run.Task, kanban.Claimant{Lock: "h:2"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Verdict(t.Context(), p, kanban.Verdict{By: "h:1", Passed: true}); !errors.Is(err, kanban.ErrSuperseded) {
			t.Errorf("an old verdict counts: %v", err)
		}
		status(t, b, run.Task, kanban.Running)
		again, err := b.Complete(t.Context(), run.Task, kanban.Report{Run: second.Runs[0].ID})
		if err != nil || len(again.Proposals) != 1 || again.Proposals[0].ID == p.ID {
			t.Errorf("the second run's report: %+v, %v", again.Proposals, err)
		}
		storetest.Check(t, db)
		if _, err := b.Delete(t.Context(), run.Task, kanban.Deletion{Was: second.Runs[0].ID}, nil); err != nil {
			t.Fatal(err)
		}
		if left := storetest.Dump(t, db, `SELECT * FROM andon_proposals WHERE task_id = '`+string(run.Task)+`'`); len(left) != 0 {
			t.Errorf("the deleted card left %q", left)
		}
	})
}
