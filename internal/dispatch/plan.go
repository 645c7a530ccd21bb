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

// Snapshot is what a tick has seen.
type Snapshot struct {
	Now     time.Time
	Running []Worker
	Ready   []kanban.Task // in the order of dispatch
	Next    time.Time     // when the next scheduled card goes on, or the next routine is due; zero if none by itself

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
	Profiles map[string]config.Profile
	Max      int           // running cards, further to Dispatch.MaxInProgress; 0 sets no limit
	Grace    time.Duration // in which a worker without a start time is not judged dead
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
	case w.Local && t.WorkerPID == 0 && w.Gone:
		return CauseClaimer
	case t.Expires.Before(now) && !t.Expires.IsZero():
		if known && !w.Dead && !t.HeartbeatStale(now) {
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

// Plan chooses among the ready cards, the most urgent first. A running card
// counts once, whoever started it.
func Plan(s Snapshot, l Limits) Starts {
	var p Starts
	walk(s, l, func(t kanban.Task, holds []Hold, given bool) bool {
		if given {
			p.Assign = append(p.Assign, t.ID)
		}
		if len(holds) > 0 {
			p.Held = append(p.Held, Held{t, holds})
		} else {
			p.Start = append(p.Start, t)
		}
		return true
	})
	return p
}

// Holds is what [Plan] says about one card, and needs no more of the queue than
// the cards before it. sure is false if s has only the first cards of the queue
// and the answer depends on further ones.
func Holds(s Snapshot, l Limits, t kanban.Task) (holds []Hold, sure bool) {
	r := walk(s, l, func(other kanban.Task, h []Hold, _ bool) bool {
		holds, sure = h, other.ID == t.ID
		return !sure
	})
	if sure {
		return holds, true
	}
	t, _ = l.given(t)
	holds = r.holds(t, s.Pasts[t.ID], s.Now, l)
	return holds, len(holds) > 0 || r.limit == 0 && l.Profiles[t.Assignee].MaxInProgress == 0
}

// walk goes through the queue as a plan does. visit hears of each card what
// holds it, and whether the default assignee gets it, and ends the walk with
// false.
func walk(s Snapshot, l Limits, visit func(t kanban.Task, holds []Hold, given bool) bool) room {
	r := newRoom(s, l)
	for _, t := range s.Ready {
		t, given := l.given(t)
		holds := r.holds(t, s.Pasts[t.ID], s.Now, l)
		if !visit(t, holds, given) {
			break
		}
		if len(holds) == 0 {
			r.take(t)
		}
	}
	return r
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
	}
	return next
}
