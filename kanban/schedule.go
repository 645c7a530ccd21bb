package kanban

import (
	"strings"
	"time"
)

// Schedule puts a card off.
type Schedule struct {
	At     time.Time // when it goes on by itself; zero: when a person unblocks it
	Reason string
	Author string // of the comment that keeps the reason
	Run    RunID  // the worker's run; zero for a person
}

// Schedule takes the card out of its worker's hands until its hour, or until a
// person unblocks it. The reason becomes a comment in the same change.
func (t Task) Schedule(s Schedule, run *Run, now time.Time) (Change, error) {
	if err := t.pinned(VerbSchedule, s.Run); err != nil {
		return Change{}, err
	}
	hint := ""
	if t.Status == Scheduled {
		hint = "`andon unblock " + string(t.ID) + "` lets it go on; then it can be scheduled anew"
	}
	if err := t.allowed(VerbSchedule, hint); err != nil {
		return Change{}, err
	}
	if err := prose("the reason", &s.Reason, "the author", &s.Author); err != nil {
		return Change{}, err
	}
	if err := future(s.At, now); err != nil {
		return Change{}, err
	}
	c := t.change(VerbSchedule)
	c.Task.Status, c.Task.StartAt, c.Task.Forced = Scheduled, whole(s.At), false
	reason := strings.TrimSpace(s.Reason)
	if reason != "" {
		c.comment(s.Author, "SCHEDULED: "+reason, now)
	}
	id := c.end(run, ending{outcome: OutcomeScheduled, summary: reason}, reason != "", now)
	c.event(EventScheduled, id, c.Task.scheduled(reason))
	return c, nil
}

// Due lets a scheduled card whose hour has come go on: to ready, or to todo while
// a parent is unfinished. ok is false where nothing is due.
func (t Task) Due(parents []Task, now time.Time) (c Change, ok bool) {
	if !t.Status.May(VerbDue) || t.StartAt.IsZero() || t.StartAt.After(now) {
		return Change{}, false
	}
	c = t.change(VerbDue)
	c.Task.Status, c.Task.StartAt = landing(parents), time.Time{}
	c.event(EventPromoted, 0, c.Task.landed())
	return c, true
}

// scheduled is the payload of the event. Hermes knows no hour, so without one
// the payload is Hermes' own.
func (t Task) scheduled(reason string) Payload {
	p := payload("reason", orNull(reason))
	if !t.StartAt.IsZero() {
		p = append(p, Field{"start_at", t.StartAt.Unix()})
	}
	return p
}

// whole is the first whole second that is not before t: less is not kept, and
// nothing may start too early.
func whole(t time.Time) time.Time {
	if cut := t.Truncate(time.Second); !cut.Equal(t) {
		return cut.Add(time.Second)
	}
	return t
}

// future refuses a time at which something shall start and that has gone by.
func future(at, now time.Time) error {
	if at.IsZero() || at.After(now) {
		return nil
	}
	return &Error{Code: Invalid, Msg: "the time " + at.Format("2006-01-02 15:04:05") + " is not in the future",
		Hint: "a card without a time starts at once"}
}
