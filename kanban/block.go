package kanban

import (
	"strings"
	"time"
)

// BlockLimit is the recurrence at which a block of one kind stops being a
// question and becomes a case for triage (Hermes: BLOCK_RECURRENCE_LIMIT).
const BlockLimit = 2

// Block is why a card cannot go on.
type Block struct {
	Kind   BlockKind
	Reason string
	Author string // of the comment that keeps the reason
	Run    RunID  // the worker's run; zero for a person

	// Until is when a rate limit ends that the worker met. The kind is transient then:
	// the card is no case for a person but rests, and so do all of the account.
	Until time.Time
}

// Block stops the card. A dependency sends it back to wait for its parents and
// is refused when all of them are finished, for it would start again at once.
// Any other kind waits for a person; the second of one kind in a row goes to
// triage. The reason becomes a comment in the same change.
func (t Task) Block(b Block, parents []Task, run *Run, now time.Time) (Change, error) {
	if err := t.pinned(VerbBlock, b.Run); err != nil {
		return Change{}, err
	}
	if err := t.allowed(VerbBlock, ""); err != nil {
		return Change{}, err
	}
	if err := prose("the reason", &b.Reason, "the author", &b.Author); err != nil {
		return Change{}, err
	}
	if !b.Until.IsZero() {
		return t.limited(b, run, now)
	}
	if b.Kind == Dependency && len(open(parents)) == 0 {
		return Change{}, &Error{Code: Conflict, Err: ErrConflict,
			Msg:  sprintf("block %s: kind dependency, but no parent of it is unfinished, so it would start again at once", t.ID),
			Hint: sprintf("link what it waits for (`andon link PARENT %s`), or block it with --kind needs_input", t.ID)}
	}
	c := t.change(VerbBlock)
	n := &c.Task
	n.Forced = false
	reason := strings.TrimSpace(b.Reason)
	if reason != "" {
		c.comment(b.Author, "BLOCKED: "+reason, now)
	}
	id := c.end(run, ending{outcome: OutcomeBlocked, summary: reason}, reason != "", now)

	n.BlockKind = b.Kind
	if b.Kind == Dependency {
		n.Status = Todo
		c.event(EventDependency, id, payload("reason", orNull(reason), "kind", b.Kind))
		return c, nil
	}
	n.BlockRecurrences = 1
	if t.BlockKind == b.Kind {
		n.BlockRecurrences = t.BlockRecurrences + 1
	}
	if n.BlockRecurrences < BlockLimit {
		n.Status = Blocked
		c.event(EventBlocked, id, payload("reason", orNull(reason), "kind", orNull(b.Kind), "recurrences", n.BlockRecurrences))
		return c, nil
	}
	n.Status = Triage
	c.event(EventBlockLoop, id, payload("reason", orNull(reason), "kind", orNull(b.Kind),
		"recurrences", n.BlockRecurrences, "limit", BlockLimit))
	return c, nil
}

// LongestLimit is how far ahead the end of a rate limit may be.
const LongestLimit = 31 * 24 * time.Hour

// ClocksDiffer is how far ahead the clocks of other hosts may be. A rate limit that was
// met later than that was noted by a clock that was set since, and holds nobody.
const ClocksDiffer = time.Hour

// limited ends the run as one that met a rate limit whose end is known.
func (t Task) limited(b Block, run *Run, now time.Time) (Change, error) {
	switch {
	case b.Kind != Transient:
		return Change{}, Invalidf("a block that ends by itself is of the kind transient, and not %q", b.Kind)
	case !b.Until.After(now):
		return Change{}, Invalidf("block %s: it cannot end at %s, which is over", t.ID, b.Until.UTC().Format(time.RFC3339))
	case b.Until.Sub(now) > LongestLimit:
		return Change{}, Invalidf("block %s: a rate limit does not last until %s; give a time within 31 days", t.ID, b.Until.UTC().Format(time.RFC3339))
	case t.Status != Running || run == nil:
		return Change{}, &Error{Code: Conflict, Err: ErrConflict, Msg: sprintf("block %s: it is %s, and only who works on a card meets a rate limit", t.ID, t.Status),
			Hint: sprintf("`andon schedule %s --at TIME` puts it off", t.ID)}
	}
	return t.Fail(Failure{Class: RateLimited, Error: strings.TrimSpace(b.Reason), PID: t.WorkerPID, Until: b.Until}, *run, Policy{}, now)
}

// Unblock is an answer to a blocked card.
type Unblock struct {
	Reason string
	Author string
}

// Unblock lets a blocked or scheduled card go on: to ready, or to todo while a
// parent is unfinished. Failures are forgotten; the memory of blocks is not, so
// that a loop of them is noticed.
func (t Task) Unblock(u Unblock, parents []Task, dangling *Run, now time.Time) (Change, error) {
	if err := t.allowed(VerbUnblock, ""); err != nil {
		return Change{}, err
	}
	if err := prose("the reason", &u.Reason, "the author", &u.Author); err != nil {
		return Change{}, err
	}
	c := t.change(VerbUnblock)
	if reason := strings.TrimSpace(u.Reason); reason != "" {
		c.comment(u.Author, "UNBLOCK: "+reason, now)
	}
	if dangling != nil && dangling.Open() {
		c.end(dangling, ending{outcome: OutcomeReclaimed, summary: "invariant recovery on unblock"}, false, now)
	}
	c.Task.Run, c.Task.Forced, c.Task.StartAt = 0, false, time.Time{}
	c.Task.clearFailures()
	c.Task.Status = landing(parents)
	c.event(EventUnblocked, 0, c.Task.landed())
	return c, nil
}
