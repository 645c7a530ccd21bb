package kanban

import (
	"time"
)

// Termination is what was done to a worker before its card was taken back.
type Termination struct {
	PrevPID    int64
	HostLocal  bool // the worker's host is this one
	Attempted  bool
	Terminated bool // and verified
	Sigkill    bool
}

func (x Termination) fields() Payload {
	return payload("prev_pid", orNull(x.PrevPID), "host_local", x.HostLocal,
		"termination_attempted", x.Attempted, "terminated", x.Terminated, "sigkill", x.Sigkill)
}

// Survived reports whether the worker may still be running here, so that the
// card must not be given to another yet.
func (x Termination) Survived() bool { return x.HostLocal && x.Attempted && !x.Terminated }

// Reclaim takes a card from its worker at a person's word. Failures are
// forgotten. was is the run whose worker has been ended; a card that has moved
// on since is left alone.
func (t Task) Reclaim(reason string, was RunID, x Termination, run *Run, now time.Time) (Change, error) {
	if err := t.taken(VerbReclaim, was); err != nil {
		return Change{}, err
	}
	if t.Status != Running && t.Lock == "" {
		return Change{}, &Error{Code: Conflict, Err: ErrConflict,
			Msg: sprintf("reclaim %s: the card is %s and nobody holds it", t.ID, t.Status), Hint: t.wayToReady()}
	}
	if err := t.allowed(VerbReclaim, ""); err != nil {
		return Change{}, err
	}
	if err := prose("the reason", &reason); err != nil {
		return Change{}, err
	}
	c := t.change(VerbReclaim)
	c.Task.Status = Ready
	c.Task.clearFailures()
	id := c.end(run, ending{outcome: OutcomeReclaimed, err: reason, metadata: x.fields().raw()}, false, now)
	c.event(EventReclaimed, id, payload("manual", true, "reason", orNull(reason), "prev_lock", orNull(t.Lock)).and(x.fields()))
	return c, nil
}

// HeartbeatLimit is the age beyond which a heartbeat is taken for a sign that
// the worker makes no progress (Hermes).
const HeartbeatLimit = time.Hour

// Lapse is why the dispatcher takes a card back without blaming the worker.
type Lapse string

const (
	LeaseLapsed  Lapse = "lease"   // nobody renewed the lease
	ClaimerGone  Lapse = "claimer" // who claimed it died before a supervisor took over
	WorkerSilent Lapse = "silent"  // no heartbeat for longer than the stale time-out
	Stopped      Lapse = "stopped" // the host told the supervisor to stop, and it ended its agent
)

// Lapsed takes a card back whose claim lapsed. It is not counted as a failure.
// A card that has moved on, or whose lease was renewed meanwhile, is left alone.
func (t Task) Lapsed(l Lapse, timeout time.Duration, x Termination, run Run, now time.Time) (Change, error) {
	if t.Status != Running || t.Run != run.ID || l == LeaseLapsed && !t.Expires.Before(now) || l == ClaimerGone && t.WorkerPID != 0 {
		return Change{}, &Error{Code: Conflict, Err: ErrSuperseded, Msg: sprintf("take %s back: its run moved on meanwhile", t.ID)}
	}
	c := t.change(VerbReclaim)
	c.Task.Status = Ready
	if l == WorkerSilent {
		age, text := any(nil), "no heartbeat ever"
		if !t.HeartbeatAt.IsZero() {
			seconds := int64(now.Sub(t.HeartbeatAt).Seconds())
			age, text = seconds, sprintf("no heartbeat for %ds", seconds)
		}
		elapsed := int64(now.Sub(run.StartedAt).Seconds())
		p := payload("elapsed_seconds", elapsed, "last_heartbeat_at", unix(t.HeartbeatAt), "heartbeat_age_seconds", age,
			"timeout_seconds", int64(timeout.Seconds()), "pid", orNull(t.WorkerPID)).and(x.fields())
		c.Task.HeartbeatAt = time.Time{}
		id := c.end(&run, ending{outcome: OutcomeStale, err: sprintf("%s after %ds running", text, elapsed), metadata: x.fields().raw()}, false, now)
		c.event(EventStale, id, p)
		return c, nil
	}
	p := payload("stale_lock", orNull(t.Lock), "worker_pid", orNull(t.WorkerPID), "claim_expires", unix(t.Expires),
		"last_heartbeat_at", unix(t.HeartbeatAt), "now", now.Unix(), "host_local", x.HostLocal,
		"heartbeat_stale", t.HeartbeatStale(now)).and(x.fields())
	switch l {
	case ClaimerGone:
		p = append(p, Field{"reason", "claimer_dead"})
	case Stopped:
		p = append(p, Field{"reason", "supervisor_stopped"})
	}
	id := c.end(&run, ending{outcome: OutcomeReclaimed, err: "stale_lock=" + t.Lock, metadata: x.fields().raw()}, false, now)
	c.event(EventReclaimed, id, p)
	return c, nil
}

// HeartbeatStale reports whether the current run's last heartbeat is too old. A
// run that never sent one is not stale by this measure.
func (t Task) HeartbeatStale(now time.Time) bool {
	return !t.HeartbeatAt.IsZero() && now.Sub(t.HeartbeatAt) > HeartbeatLimit
}

// Extend lengthens the lapsed lease of a worker that is seen to be alive.
func (t Task) Extend(run Run, d time.Duration, now time.Time) (Change, error) {
	if t.Status != Running || t.Run != run.ID || !t.Expires.Before(now) {
		return Change{}, &Error{Code: Conflict, Err: ErrSuperseded, Msg: sprintf("extend the lease of %s: its run moved on meanwhile", t.ID)}
	}
	c := t.change(VerbHeartbeat)
	c.Task.Expires = now.Add(ttl(d))
	run.Expires = c.Task.Expires
	c.Runs = []Run{run}
	c.event(EventClaimExtended, run.ID, payload("reason", "pid_alive", "worker_pid", t.WorkerPID, "claim_lock", t.Lock,
		"claim_expires_was", unix(t.Expires), "claim_expires_now", unix(c.Task.Expires), "last_heartbeat_at", unix(t.HeartbeatAt)))
	return c, nil
}

// deferral is how long a card stays with a worker that would not die.
const deferral = 120 * time.Second

// Defer leaves the card with a worker that survived its end, lest two work on
// it at once.
func (t Task) Defer(reason string, x Termination, run Run, now time.Time) (Change, error) {
	if t.Status != Running || t.Run != run.ID {
		return Change{}, &Error{Code: Conflict, Err: ErrSuperseded, Msg: sprintf("defer %s: its run moved on meanwhile", t.ID)}
	}
	c := t.change(VerbHeartbeat)
	c.Task.Expires = now.Add(deferral)
	run.Expires = c.Task.Expires
	c.Runs = []Run{run}
	c.event(EventDeferred, run.ID, payload("reason", reason, "claim_lock", orNull(t.Lock),
		"claim_expires_now", unix(c.Task.Expires)).and(x.fields()))
	return c, nil
}
