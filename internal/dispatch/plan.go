// Package dispatch decides which cards are started, and takes back those whose
// worker is gone. A tick looks, plans and acts: the plan is a pure function of
// what was seen, and the verbs of the board check again when they act.
package dispatch

import (
	"time"

	"andon/internal/config"
	"andon/internal/store"
	"andon/kanban"
)

// Snapshot is what a pass has seen of one board.
type Snapshot struct {
	Board   string // its name
	Now     time.Time
	Running []Worker
	Ready   []kanban.Task // the most urgent first and then the oldest
	Served  []store.Served
	Pauses  []kanban.Pause
	Limited []store.Limited
	Spent   []kanban.Outlay
	Next    time.Time // when the next scheduled card goes on, or the next routine is due; zero if none by itself

	// Closed: another dispatcher is at the board. Who runs there counts, and nobody
	// is started.
	Closed bool

	// Pasts are of the ready cards that have one which may hold them back.
	Pasts map[kanban.TaskID]kanban.Past
}

// Worker is a running card and what is known of the processes behind it.
type Worker struct {
	store.Held
	Local bool // it was claimed on this host

	// Dead: the recorded worker is known to be gone. Gone: there is none, and the
	// claimer named in the lock is known to be gone. Stillborn: there is none, and
	// the supervisor that should have become it has ended. All are false where
	// nothing can be known, as for a claim by hand.
	Dead, Gone, Stillborn bool
}

// Limits is what a plan keeps to.
type Limits struct {
	config.Dispatch
	Profiles  map[string]config.Profile
	Boards    map[string]config.Board
	Resources map[string]int
	Budgets   []kanban.Budget
	Zone      *time.Location // of the budgets' days; nil: this host's
	Max       int            // running cards, further to Dispatch.MaxInProgress; 0 sets no limit
	Grace     time.Duration  // in which a worker without a start time is not judged dead
	Cooldown  time.Duration  // rest of an account after a rate limit whose end nobody knows; 0: none
}

// Cause is why a running card is acted upon.
type Cause string

const (
	CauseExtend    Cause = "extend"    // the lease lapsed, but the worker lives
	CauseLease     Cause = "lease"     // the lease lapsed
	CauseSilent    Cause = "silent"    // no heartbeat for too long
	CauseClaimer   Cause = "claimer"   // claimed, and its claimer died before a worker began
	CauseStillborn Cause = "stillborn" // the supervisor ended before it took over
	CauseCrash     Cause = "crash"     // the worker is gone and has not said how it ended
	CauseTimeout   Cause = "timeout"   // over its time limit, and nobody ended it
)

// Recovery is what to do about a running card.
type Recovery struct {
	Worker Worker
	Cause  Cause
}

// overdue is how long after its limit a run is left to its own supervisor.
const overdue = 30 * time.Second

// takeOver is the time that a supervisor gets to record itself after the process
// that started it is gone, as one that does a single pass is at once.
const takeOver = 3 * time.Second

// Recover plans what to do about running cards. The order of the questions is
// that of Hermes' phases.
func Recover(s Snapshot, l Limits) []Recovery {
	var plan []Recovery
	for _, w := range s.Running {
		if c := cause(w, s.Now, l); c != "" {
			plan = append(plan, Recovery{w, c})
		}
	}
	return plan
}

func cause(w Worker, now time.Time, l Limits) Cause {
	t, run := w.Task, w.Run
	known := w.Local && t.WorkerPID != 0
	elapsed := now.Sub(run.StartedAt)
	supervised := run.Worker.Start != ""
	switch {
	case run.ID == 0:
		return "" // no run to end: the next first opening gives it one
	case w.Stillborn:
		return CauseStillborn
	case w.Local && t.WorkerPID == 0 && w.Gone && (elapsed >= takeOver || elapsed < 0):
		return CauseClaimer
	case t.Expires.Before(now) && !t.Expires.IsZero():
		// A supervisor renews by itself, so one that lives and did not was asleep with
		// its machine, or the clock was set: the words of a clock are no reason to end it.
		if known && !w.Dead && (supervised || !t.HeartbeatStale(now)) {
			return CauseExtend
		}
		return CauseLease
	case silent(t, elapsed, now, time.Duration(l.StaleTimeout)):
		return CauseSilent
	case known && w.Dead && (supervised || elapsed >= l.Grace):
		return CauseCrash
	case known && run.MaxRuntime > 0 && elapsed >= run.MaxRuntime && (!supervised || elapsed >= run.MaxRuntime+overdue):
		return CauseTimeout
	}
	return ""
}

func silent(t kanban.Task, elapsed time.Duration, now time.Time, timeout time.Duration) bool {
	return timeout > 0 && elapsed >= timeout && (t.HeartbeatAt.IsZero() || t.HeartbeatStale(now))
}

// Starts is which ready cards to start, and why the others wait.
type Starts struct {
	Start  []kanban.Task
	Assign []kanban.TaskID // cards of nobody, which the default assignee gets; Start and Held have them as his
	Held   []Held
}

// Held is a card that is not started now.
type Held struct {
	Task  kanban.Task
	Holds []Hold // at least one, the weightiest first
}

// By lists the cards whose weightiest hold is of a kind.
func (p Starts) By(kind HoldKind) []Held {
	var held []Held
	for _, h := range p.Held {
		if h.Holds[0].Kind == kind {
			held = append(held, h)
		}
	}
	return held
}

// Plan chooses among the ready cards of all boards, the most urgent first and
// among equals in turn, and tells of each board what to start there. A running
// card counts once, whoever started it and wherever it is.
func Plan(all []Snapshot, l Limits) []Starts {
	r := newRoom(all, l)
	plans := make([]Starts, len(all))
	started := make([]map[int]bool, len(all))
	ready := 0
	for _, s := range all {
		ready += len(s.Ready)
	}
	waiting := make([]waiter, 0, ready)
	for i, s := range all {
		if started[i] = map[int]bool{}; s.Closed {
			continue
		}
		for place := range s.Ready {
			t := &s.Ready[place]
			if t.Assignee == "" {
				if given, ok := l.given(*t); ok {
					plans[i].Assign = append(plans[i].Assign, t.ID)
					t = &given
				}
			}
			if len(own(*t, s.Pasts[t.ID], s.Now, l)) == 0 {
				waiting = append(waiting, waiter{t, i, place, s.Board})
			}
		}
	}
	for _, level := range lines(waiting) {
		choose(level, &r, func(w waiter) {
			plans[w.snapshot].Start = append(plans[w.snapshot].Start, *w.Task)
			started[w.snapshot][w.place] = true
		})
	}
	for i, s := range all {
		if s.Closed {
			continue
		}
		plans[i].Held = make([]Held, 0, len(s.Ready)-len(plans[i].Start))
		for place, t := range s.Ready {
			if !started[i][place] {
				t, _ = l.given(t)
				plans[i].Held = append(plans[i].Held, Held{t, r.holds(s, t)})
			}
		}
	}
	return plans
}

// Holds is what [Plan] says about one card of the first of the boards. sure is
// false if the card is in no queue there although nothing holds it, and it depends
// on who else waits if it is started: all has only who runs then.
func Holds(all []Snapshot, l Limits, t kanban.Task) (holds []Hold, sure bool) {
	for _, other := range all[0].Ready {
		if other.ID != t.ID {
			continue
		}
		plan := Plan(all, l)[0]
		for _, h := range plan.Held {
			if h.Task.ID == t.ID {
				return h.Holds, true
			}
		}
		return nil, true
	}
	t, _ = l.given(t)
	r := newRoom(all, l)
	holds = r.holds(all[0], t)
	return holds, len(holds) > 0 || !r.bounded(all[0].Board, t)
}

// Until is when the first of the cards that wait is freed by the end of a hold; zero
// if none is.
func (p Starts) Until() (first time.Time) {
	for _, h := range p.Held {
		for _, one := range h.Holds {
			if !one.Until.IsZero() && (first.IsZero() || one.Until.Before(first)) {
				first = one.Until
			}
		}
	}
	return first
}

// Deadline is the next time at which something becomes due without a commit,
// the zero time if nothing does.
func Deadline(s Snapshot, l Limits) time.Time {
	var next time.Time
	at := func(t time.Time) {
		if t.After(s.Now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	for _, t := range s.Ready {
		t, _ = l.given(t)
		if _, known := l.Profiles[t.Assignee]; known {
			for _, h := range own(t, s.Pasts[t.ID], s.Now, l) {
				at(h.Until)
			}
		}
	}
	at(s.Next)
	for _, w := range s.Running {
		at(w.Task.Expires.Add(time.Second)) // a lease has whole seconds
		if w.Gone {
			at(w.Run.StartedAt.Add(takeOver + time.Second))
		}
	}
	return next
}
