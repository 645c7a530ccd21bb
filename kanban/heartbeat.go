package kanban

import "time"

// Heartbeat is a worker's sign of life.
type Heartbeat struct {
	Run  RunID // the worker's run; zero for a person
	Note string
	TTL  time.Duration // by which the run's own worker extends its lease; zero: DefaultTTL
}

// Heartbeat records that the card's worker is alive and, when it comes from the
// run's own worker, extends the lease.
func (t Task) Heartbeat(h Heartbeat, run *Run, now time.Time) (Change, error) {
	if err := t.pinned(VerbHeartbeat, h.Run); err != nil {
		return Change{}, err
	}
	if err := t.allowed(VerbHeartbeat, ""); err != nil {
		return Change{}, err
	}
	if err := prose("the note", &h.Note); err != nil {
		return Change{}, err
	}
	c := t.change(VerbHeartbeat)
	c.Task.HeartbeatAt = now
	if h.Run != 0 {
		c.Task.Expires = later(t.Expires, now.Add(ttl(h.TTL)))
	}
	if run != nil && run.Open() {
		r := *run
		r.HeartbeatAt, r.Expires = now, c.Task.Expires
		c.Runs = []Run{r}
	}
	var note Payload
	if h.Note != "" {
		note = payload("note", h.Note)
	}
	c.event(EventHeartbeat, t.Run, note)
	return c, nil
}

// Renew extends the lease of the run's holder. It leaves no event: it is the
// most frequent write, and says nothing that the lease itself does not.
func (t Task) Renew(run Run, lock string, d time.Duration, now time.Time) (Change, error) {
	if t.Status != Running || t.Run != run.ID || t.Lock != lock {
		return Change{}, &Error{Code: Conflict, Err: ErrSuperseded,
			Msg: sprintf("renew the lease of %s: run %s is no longer the card's current one", t.ID, run.ID)}
	}
	c := t.change(VerbHeartbeat)
	c.Task.Expires = now.Add(ttl(d))
	run.Expires = c.Task.Expires
	c.Runs = []Run{run}
	return c, nil
}

func ttl(d time.Duration) time.Duration {
	if d <= 0 {
		return DefaultTTL
	}
	return d
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
