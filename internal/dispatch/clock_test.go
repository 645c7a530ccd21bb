package dispatch

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"andon/internal/store"
	"andon/kanban"
)

// A clock that is set, or stands still while the machine sleeps, makes nobody take a
// card from a supervised worker that lives and has no limit of its own: at most its
// lease is extended. What is dead is taken back in the end, whatever the clock says.
func TestClockIsNoReasonToEndALivingWorker(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		within := func(label string, from, to time.Duration) time.Duration {
			return time.Duration(rapid.Int64Range(int64(from), int64(to)).Draw(t, label))
		}
		began := now.Add(-within("age", 0, 2*time.Hour))
		w := Worker{Local: true, Held: store.Held{
			Task: kanban.Task{ID: "t_1", Status: kanban.Running, Run: 1, Lock: "here:1:2", WorkerPID: 7, Assignee: "ada",
				Expires: now.Add(within("lease", -time.Minute, 15*time.Minute))},
			Run: kanban.Run{ID: 1, Task: "t_1", StartedAt: began, Worker: kanban.Worker{PID: 7, Start: "5"}},
		}}
		if rapid.Bool().Draw(t, "heard of") {
			w.Task.HeartbeatAt = began.Add(within("heartbeat", 0, now.Sub(began)))
		}
		at := now.Add(within("clock", -time.Hour, time.Hour))
		plan := Recover(Snapshot{Now: at, Running: []Worker{w}}, limits())
		if len(plan) > 0 && plan[0].Cause != CauseExtend {
			t.Fatalf("%v after the clock was set by %s, and the worker lives", plan[0].Cause, at.Sub(now))
		}
		w.Dead = true
		if plan := Recover(Snapshot{Now: at, Running: []Worker{w}}, limits()); len(plan) != 1 || plan[0].Cause == CauseExtend {
			t.Fatalf("a dead worker: %v after the clock was set by %s", plan, at.Sub(now))
		}
		// A claim whose claimer is gone comes back too, also from the future.
		w.Dead, w.Task.WorkerPID, w.Gone, w.Task.Expires = false, 0, true, now.Add(15*time.Minute)
		w.Run.StartedAt = now.Add(-time.Minute)
		at = now.Add(within("again", -time.Hour, time.Hour))
		if early := at.Sub(w.Run.StartedAt); early >= 0 && early < takeOver {
			return
		}
		if plan := Recover(Snapshot{Now: at, Running: []Worker{w}}, limits()); len(plan) != 1 {
			t.Fatalf("a claimer that is gone: %v after the clock was set by %s", plan, at.Sub(now))
		}
	})
}

// Who runs is not started again, and counts, whatever the clock says.
func TestClockStartsNoCardTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all, l := fleet(t)
		for i := range all {
			all[i].Now = now.Add(time.Duration(rapid.IntRange(-7200, 7200).Draw(t, "clock")) * time.Second)
		}
		for i, p := range Plan(all, l) {
			for _, s := range p.Start {
				for _, w := range all[i].Running {
					if w.Task.ID == s.ID {
						t.Fatalf("%s runs, and is started", s.ID)
					}
				}
			}
		}
	})
}

// A rate limit that was met while the clock was ahead does not rest the account for as
// long as that.
func TestClockThatWasSetBackEndsARateLimit(t *testing.T) {
	t.Parallel()
	l := limits()
	l.Cooldown = 5 * time.Minute
	s := Snapshot{Now: now, Ready: []kanban.Task{{ID: "t_1", Assignee: "bob"}}}
	ready(&s)
	for ahead, held := range map[time.Duration]bool{
		-6 * time.Minute: false, -time.Minute: true, time.Minute: true, 6 * time.Minute: false, 24 * time.Hour: false,
	} {
		s.Limited = []store.Limited{{Profile: "bob", Run: 1, At: now.Add(ahead)}}
		if got := len(Plan([]Snapshot{s}, l)[0].By(HoldAccount)) == 1; got != held {
			t.Errorf("met %s from now: held %t, want %t", ahead, got, held)
		}
	}
}
