package dispatch_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"andon/kanban"
)

// A kill at any point of the hand-over loses no card, runs none twice at once,
// and is counted only where an agent may have begun. A supervisor whose
// dispatcher is killed may take over before the next one looks, or find that it
// comes too late: then it starts nothing.
func TestKilledAtEachPointOfTheHandOver(t *testing.T) {
	for _, c := range []struct {
		point    string
		killed   string // whose process it is: the dispatcher's must be started again
		outcomes []kanban.Outcome
	}{
		{"claimed", "dispatcher", []kanban.Outcome{kanban.OutcomeReclaimed, kanban.OutcomeCompleted}},
		{"launched", "dispatcher", []kanban.Outcome{kanban.OutcomeCompleted}}, // or as before
		{"told", "supervisor", []kanban.Outcome{kanban.OutcomeSpawnFailed, kanban.OutcomeCompleted}},
		{"taken", "supervisor", []kanban.Outcome{kanban.OutcomeCrashed, kanban.OutcomeCompleted}},
		{"started", "supervisor", []kanban.Outcome{kanban.OutcomeCrashed, kanban.OutcomeCompleted}},
		{"exited", "supervisor", []kanban.Outcome{kanban.OutcomeCrashed, kanban.OutcomeCompleted}},
		{"recorded", "supervisor", []kanban.Outcome{kanban.OutcomeCompleted}},
	} {
		t.Run(c.point, func(t *testing.T) {
			t.Parallel()
			f := newFloor(t, completing, "TEST_DIE_AT="+c.point)
			ids := f.create(1)
			first := f.dispatch()
			if c.killed == "dispatcher" {
				if err := first.Wait(); err == nil {
					t.Fatal("the dispatcher was not killed")
				}
				f.dispatch()
			}
			f.until("the card to be done", func() bool { return f.settled(ids) })
			var got []kanban.Outcome
			for _, r := range f.card(ids[0]).Runs {
				got = append(got, r.Outcome)
			}
			late := []kanban.Outcome{kanban.OutcomeReclaimed, kanban.OutcomeCompleted}
			if !slices.Equal(got, c.outcomes) && !(c.point == "launched" && slices.Equal(got, late)) {
				t.Errorf("runs ended as %q, want %q", got, c.outcomes)
			}
			if n := f.card(ids[0]).Task.Failures; n != 0 {
				t.Errorf("%d failures are on a card that is done", n)
			}
			f.check(ids)
		})
	}
}

// The dispatcher may be killed at any moment while workers run: each card ends
// done, once, and the exit of its worker is known.
func TestDispatcherKilledWhileWorkersRun(t *testing.T) {
	t.Parallel()
	f := newFloor(t, completing)
	ids := f.create(16)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for range 6 {
		d := f.dispatch()
		// The moment is drawn as a number of events, which come at the pace of the
		// work itself.
		head, err := f.board.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		target := head + kanban.EventID(random.IntN(8))
		f.until("events", func() bool {
			now, err := f.board.Head(t.Context())
			return err != nil || now >= target || f.settled(ids)
		})
		d.Process.Kill()
		d.Wait()
	}
	f.dispatch()
	f.until("all cards to be done", func() bool { return f.settled(ids) })
	f.check(ids)
}
