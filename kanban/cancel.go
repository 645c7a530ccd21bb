package kanban

import "time"

// Cancel stops the work on a card at a person's word: the run ends, and the card
// waits in blocked until it is unblocked. It is no failure of the worker, and no
// block of its: neither is counted. was is the run whose worker has been ended; a
// card that has moved on since is left alone.
func (t Task) Cancel(by string, was RunID, x Termination, run *Run, now time.Time) (Change, error) {
	if err := t.taken(VerbCancel, was); err != nil {
		return Change{}, err
	}
	hint := ""
	switch t.Status {
	case Triage, Todo, Scheduled, Review:
		hint = "nobody works on it; `andon archive " + string(t.ID) + "` puts it away"
	}
	if err := t.allowed(VerbCancel, hint); err != nil {
		return Change{}, err
	}
	if err := prose("the name", &by); err != nil {
		return Change{}, err
	}
	c := t.change(VerbCancel)
	n := &c.Task
	n.Status, n.Forced, n.RetryAt = Blocked, false, time.Time{}
	n.BlockKind, n.BlockRecurrences = NeedsInput, 0
	reason := "cancelled by " + by
	id := c.end(run, ending{outcome: OutcomeReclaimed, err: reason,
		metadata: payload("cancelled_by", by).and(x.fields()).raw()}, false, now)
	if id != 0 {
		c.event(EventReclaimed, id, payload("manual", true, "reason", reason, "prev_lock", orNull(t.Lock)).and(x.fields()))
	}
	c.event(EventBlocked, id, payload("reason", reason, "kind", NeedsInput, "recurrences", 0))
	return c, nil
}
