package kanban

import (
	"fmt"
	"math"
	"time"
)

// Class is the kind of a failure. It comes from an exit status or from what the
// supervisor knows, never from the words of a message.
type Class string

const (
	SpawnFailed Class = "spawn_failed" // the worker could not be started
	Crashed     Class = "crashed"      // it ended with an error, by a signal, or nobody knows how
	TimedOut    Class = "timed_out"    // it ran longer than allowed
	Breach      Class = "protocol"     // it exited 0 without a verdict
	RateLimited Class = "rate_limited" // a quota stopped it; never counted
)

// DefaultFailureLimit is the number of failures in a row that trips the breaker.
const DefaultFailureLimit = 2

// Backoff bounds the delays after failures: the first one by the class of the
// failure, each further one by twice that, and all by Max.
type Backoff struct {
	Spawn, Crash, Protocol, Timeout time.Duration
	Max                             time.Duration
}

// DefaultBackoff is what a policy without delays of its own goes by.
var DefaultBackoff = Backoff{Spawn: time.Second, Crash: 2 * time.Second, Protocol: 2 * time.Second, Timeout: 10 * time.Second, Max: 10 * time.Minute}

// first is the bound of the delay after the first failure.
func (b Backoff) first(c Class) time.Duration {
	switch c {
	case SpawnFailed:
		return b.Spawn
	case Breach:
		return b.Protocol
	case TimedOut:
		return b.Timeout
	}
	return b.Crash
}

// Policy is what decides over a failed card besides the card itself.
type Policy struct {
	ProfileLimit int64         // the profile's failure limit; zero: it has none
	BoardLimit   int64         // the board's; zero: DefaultFailureLimit
	Cooldown     time.Duration // rest after a quota; zero: none
	Backoff      Backoff       // the zero value: DefaultBackoff
	Jitter       float64       // in [0,1): which part of the delay is waited
}

// Limit is the number of failures that trips the breaker for t, and whose it
// is: task, profile, dispatcher or default.
func (p Policy) Limit(t Task) (n int64, source string) {
	switch {
	case t.MaxRetries > 0:
		return t.MaxRetries, "task"
	case p.ProfileLimit > 0:
		return p.ProfileLimit, "profile"
	case p.BoardLimit > 0:
		return p.BoardLimit, "dispatcher"
	}
	return DefaultFailureLimit, "default"
}

// backoff is the wait after the n-th failure in a row: exponential with full
// jitter, so that workers which fell together do not rise together.
func (p Policy) backoff(c Class, n int64) time.Duration {
	b := p.Backoff
	if b == (Backoff{}) {
		b = DefaultBackoff
	}
	first := b.first(c)
	if first <= 0 {
		return 0
	}
	bound := min(float64(b.Max), float64(first)*math.Exp2(float64(n-1)))
	return time.Duration(p.Jitter * bound)
}

// Failure is how a run failed.
type Failure struct {
	Class   Class
	Error   string // why the worker could not be started; other classes speak for themselves
	Exit    Exit
	PID     int64 // of the worker the failure is about
	Elapsed time.Duration
	Limit   time.Duration // that a time-out exceeded
	Sigkill bool          // the worker did not heed SIGTERM
	Until   time.Time     // when a quota is back, if the worker said so
}

// Fail ends the open run as failed. The card goes back to ready, to be tried
// again after a delay, or, when the limit is reached, to blocked, where the
// breaker holds it until a person unblocks, reassigns or edits it. A quota
// never counts: the card rests for the policy's cooldown.
func (t Task) Fail(f Failure, run Run, p Policy, now time.Time) (Change, error) {
	if t.Run != run.ID || !run.Open() {
		return Change{}, &Error{Code: Conflict, Err: ErrSuperseded,
			Msg: sprintf("fail run %s of %s: it is no longer the card's current one", run.ID, t.ID)}
	}
	if err := t.allowed(VerbFail, ""); err != nil {
		return Change{}, err
	}
	c := t.change(VerbFail)
	n := &c.Task
	n.Status, n.LastError = Ready, cut(Redact(mended(f.text())), 500)
	kind, outcome, what := f.record(t.Lock)

	if f.Class == RateLimited {
		if n.RetryAt = now.Add(p.Cooldown); !f.Until.IsZero() {
			n.RetryAt = f.Until
		}
		c.event(kind, c.end(&run, ending{outcome: outcome, err: n.LastError, metadata: what.raw()}, false, now), what)
		return c, nil
	}

	n.Failures++
	n.RetryAt = now.Add(p.backoff(f.Class, n.Failures))
	limit, source := p.Limit(t)
	tripped := n.Failures >= limit
	if tripped {
		n.Status, n.RetryAt, n.Forced = Blocked, time.Time{}, false
	}
	if f.Class == TimedOut {
		n.HeartbeatAt = time.Time{}
	}
	gaveUp := payload("failures", n.Failures, "effective_limit", limit, "limit_source", source,
		"error", n.LastError, "trigger_outcome", outcome)

	// A spawn failure has one event either way; the others keep their own and
	// add the breaker's.
	if f.Class == SpawnFailed {
		if tripped {
			meta := payload("failures", n.Failures, "trigger_outcome", outcome, "effective_limit", limit, "limit_source", source)
			id := c.end(&run, ending{outcome: OutcomeGaveUp, err: n.LastError, metadata: meta.raw()}, false, now)
			c.event(EventGaveUp, id, gaveUp)
			return c, nil
		}
		what = payload("error", n.LastError, "failures", n.Failures)
		c.event(kind, c.end(&run, ending{outcome: outcome, err: n.LastError}, false, now), what)
		return c, nil
	}
	c.event(kind, c.end(&run, ending{outcome: outcome, err: n.LastError, metadata: what.raw()}, false, now), what)
	if tripped {
		extra := payload("pid", f.PID, "claimer", t.Lock)
		if f.Class == TimedOut {
			extra = payload("pid", f.PID, "sigkill", f.Sigkill)
		}
		c.event(EventGaveUp, 0, append(gaveUp, extra...))
	}
	return c, nil
}

// record is how a failure enters the history: the event's kind, the run's
// outcome, and the payload that both keep.
func (f Failure) record(lock string) (EventKind, Outcome, Payload) {
	switch f.Class {
	case SpawnFailed:
		return EventSpawnFailed, OutcomeSpawnFailed, nil
	case RateLimited:
		if !f.Until.IsZero() {
			return EventRateLimited, OutcomeRateLimited, payload("pid", f.PID, "claimer", lock, "until", f.Until.Unix(), "reason", orNull(f.Error))
		}
		return EventRateLimited, OutcomeRateLimited, payload("pid", f.PID, "claimer", lock, "exit_code", f.Exit.Code)
	case TimedOut:
		return EventTimedOut, OutcomeTimedOut, payload("pid", f.PID, "elapsed_seconds", int64(f.Elapsed.Seconds()),
			"limit_seconds", int64(f.Limit.Seconds()), "sigkill", f.Sigkill)
	case Breach:
		return EventProtocol, OutcomeCrashed, payload("pid", f.PID, "claimer", lock, "exit_code", 0, "protocol_violation", true)
	}
	switch {
	case f.Exit.Unknown:
		return EventCrashed, OutcomeCrashed, payload("pid", f.PID, "claimer", lock)
	case f.Exit.Signal != 0:
		return EventCrashed, OutcomeCrashed, payload("pid", f.PID, "claimer", lock, "exit_kind", "signaled", "exit_code", f.Exit.Signal)
	}
	return EventCrashed, OutcomeCrashed, payload("pid", f.PID, "claimer", lock, "exit_kind", "nonzero_exit", "exit_code", f.Exit.Code)
}

// text is the failure in one line, in the words Hermes' readers know.
func (f Failure) text() string {
	switch f.Class {
	case SpawnFailed:
		return f.Error
	case TimedOut:
		return fmt.Sprintf("elapsed %ds > limit %ds", int(f.Elapsed.Seconds()), int(f.Limit.Seconds()))
	case RateLimited:
		if !f.Until.IsZero() {
			return "rate-limited until " + f.Until.UTC().Format(time.RFC3339) + ": " + f.Error
		}
		return fmt.Sprintf("pid %d exited rate-limited (quota wall)", f.PID)
	case Breach:
		return fmt.Sprintf("pid %d exited cleanly (rc=0) without complete or block: protocol violation", f.PID)
	}
	switch {
	case f.Exit.Unknown:
		return fmt.Sprintf("pid %d not alive", f.PID)
	case f.Exit.Signal != 0:
		return fmt.Sprintf("pid %d killed by signal %d", f.PID, f.Exit.Signal)
	}
	return fmt.Sprintf("pid %d exited with code %d", f.PID, f.Exit.Code)
}
