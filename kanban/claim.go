package kanban

import (
	"fmt"
	"time"
)

// DefaultTTL is how long a lease lasts that nobody renews.
const DefaultTTL = 15 * time.Minute

// Claimant is who claims a card, and for how long.
type Claimant struct {
	Lock string        // names the claimer to every process on the board: "<host>:<pid>" and what it appends
	TTL  time.Duration // zero: DefaultTTL

	// MaxRuntime limits the run of a card that sets no limit itself; zero: none.
	MaxRuntime time.Duration

	// Review: a card in review is meant too. Who starts cards by itself leaves it
	// unset, so that none is reviewed whom nobody asked.
	Review bool
}

// Claim opens a run of t for c. A ready card whose parents are not all
// satisfied goes back to todo, and the claim is refused with [ErrParentsOpen],
// unless it was promoted by force. dangling is a run that the card points to
// although it is not running: it is closed first. The lease, the worker's pid
// and the heartbeat begin anew; a delay after a failure is not regarded. A card
// in review is claimed by its reviewer, whatever its parents do.
func (t Task) Claim(c Claimant, parents []Task, dangling *Run, now time.Time) (Change, error) {
	if t.Status == Running || t.Lock != "" && (t.Status == Ready || t.Status == Review) {
		return Change{}, &Error{Code: Conflict, Err: ErrHeld,
			Msg:  sprintf("claim %s: the card is %s and held by %s", t.ID, t.Status, t.Lock),
			Hint: "`andon reclaim " + string(t.ID) + "` takes it back"}
	}
	if err := t.allowed(VerbClaim, t.wayToReady()); err != nil {
		return Change{}, err
	}
	review := t.Status == Review
	if review && !c.Review {
		return Change{}, &Error{Code: Conflict, Err: ErrConflict, Msg: sprintf("claim %s: the card is in review, and waits for a reviewer", t.ID)}
	}
	if err := cleanText("the claimer", c.Lock); err != nil {
		return Change{}, err
	}
	ch := t.change(VerbClaim)
	if waits := open(parents); len(waits) > 0 && !t.Forced && !review {
		ch.Task.Status = Todo
		ch.event(EventClaimRejected, 0, payload("reason", "parents_not_done"))
		ch.Refusal = &Error{Code: Conflict, Err: ErrParentsOpen,
			Msg:  sprintf("claim %s: it waits for %s; the card went back to todo", t.ID, join(waits)),
			Hint: "it becomes ready by itself when they are done, or now with `andon promote --force " + string(t.ID) + "`"}
		return ch, nil
	}
	if dangling != nil && dangling.Open() {
		ch.end(dangling, ending{outcome: OutcomeReclaimed, summary: "invariant recovery on re-claim"}, false, now)
	}
	if c.TTL <= 0 {
		c.TTL = DefaultTTL
	}
	n := &ch.Task
	n.Status, n.Lock, n.Expires, n.Run = Running, c.Lock, now.Add(c.TTL), NewRun
	n.WorkerPID, n.HeartbeatAt, n.RetryAt = 0, time.Time{}, time.Time{}
	if n.StartedAt.IsZero() {
		n.StartedAt = now
	}
	run := Run{
		Task: t.ID, Profile: t.Assignee, StepKey: t.StepKey, Status: "running",
		Lock: c.Lock, Expires: n.Expires, MaxRuntime: t.MaxRuntime, StartedAt: now,
	}
	if run.MaxRuntime == 0 {
		run.MaxRuntime = wholeSeconds(c.MaxRuntime)
	}
	ch.Runs = append(ch.Runs, run)
	claimed := payload("lock", c.Lock, "expires", n.Expires.Unix(), "run_id", NewRun)
	if review {
		claimed = append(claimed, Field{"source_status", Review})
	}
	ch.event(EventClaimed, NewRun, claimed)
	return ch, nil
}

// wayToReady says how the card could become ready.
func (t Task) wayToReady() string {
	switch t.Status {
	case Todo:
		return fmt.Sprintf("it becomes ready when its parents are done; `andon show %s` lists them", t.ID)
	case Blocked, Scheduled:
		return fmt.Sprintf("`andon unblock %s` makes it ready", t.ID)
	}
	return ""
}

// Started is the supervisor's word, given before it starts the agent, that it
// answers for the run from here on. It holds only while the run is the card's
// current one, is claimed with lock and has no worker yet: of two supervisors
// one gets it, and the other must start nothing.
func (t Task) Started(run Run, lock string, w Worker, workspace string) (Change, error) {
	if t.Status != Running || t.Run != run.ID || t.Lock != lock || !run.Open() || run.WorkerPID != 0 {
		return Change{}, &Error{Code: Conflict, Err: ErrSuperseded,
			Msg: sprintf("start the worker of %s: run %s is not, or no longer, this supervisor's", t.ID, run.ID)}
	}
	if err := cleanText("the workspace path", workspace); err != nil {
		return Change{}, err
	}
	ch := t.change(VerbHeartbeat)
	ch.Task.WorkerPID, ch.Task.WorkspacePath = w.PID, workspace
	run.WorkerPID, run.Worker = w.PID, w
	ch.Runs = []Run{run}
	ch.event(EventSpawned, run.ID, payload("pid", w.PID))
	return ch, nil
}
