package kanban

import (
	"slices"
	"sort"
	"time"
)

// Quantiles are the middle and the upper end of lengths of time.
type Quantiles struct {
	Count                 int
	Median, P85, P95, Max time.Duration
	Sum                   time.Duration
}

// NewQuantiles sums up lengths of time, and sorts them. A quantile is one of
// them: the least that so many of them do not exceed.
func NewQuantiles(lengths []time.Duration) Quantiles {
	q := Quantiles{Count: len(lengths)}
	if q.Count == 0 {
		return q
	}
	slices.Sort(lengths)
	at := func(percent int) time.Duration { return lengths[(percent*q.Count+99)/100-1] }
	q.Median, q.P85, q.P95, q.Max = at(50), at(85), at(95), lengths[q.Count-1]
	for _, d := range lengths {
		q.Sum += d
	}
	return q
}

// Week is how many cards were completed in a week.
type Week struct {
	Start time.Time // its Monday, at midnight where the reader is
	Done  int
}

// Weeks are the last n weeks until now, the oldest first, in the zone of loc.
func Weeks(n int, now time.Time, loc *time.Location) []Week {
	y, m, d := now.In(loc).Date()
	monday := d - (int(now.In(loc).Weekday())+6)%7
	weeks := make([]Week, n)
	for i := range weeks {
		weeks[i].Start = dayBegins(y, m, monday-7*(n-1-i), loc)
	}
	return weeks
}

// Tally counts completions into weeks, which are in order. Those before the
// first or after the last one's end are left out.
func Tally(weeks []Week, completed []time.Time) {
	if len(weeks) == 0 {
		return
	}
	end := weeks[len(weeks)-1].Start.AddDate(0, 0, 7)
	for _, t := range completed {
		if i := sort.Search(len(weeks), func(i int) bool { return weeks[i].Start.After(t) }); i > 0 && t.Before(end) {
			weeks[i-1].Done++
		}
	}
}

// Spell is a time in which a card was blocked.
type Spell struct {
	Task     TaskID
	From, To time.Time // no To: nothing says that it has ended
}

// The kinds of event between which a card is blocked. That it was completed, the
// card tells: to read so common an event for that is not worth it.
var (
	spellBegins = []EventKind{EventBlocked, EventGaveUp}
	spellEnds   = []EventKind{EventUnblocked, EventPromoted, EventPromotedBy, EventScheduled, EventReclaimed, EventStatus}
)

// SpellKinds are the kinds of event that [Spells] regards.
var SpellKinds = append(slices.Clone(spellBegins), spellEnds...)

// Spells finds the times in which cards were blocked, from events in the order of
// their ids.
func Spells(events []Event) []Spell {
	var spells []Spell
	open := map[TaskID]int{}
	for _, e := range events {
		i, blocked := open[e.Task]
		switch {
		case !blocked && slices.Contains(spellBegins, e.Kind):
			open[e.Task] = len(spells)
			spells = append(spells, Spell{Task: e.Task, From: e.At})
		case blocked && slices.Contains(spellEnds, e.Kind):
			spells[i].To = e.At
			delete(open, e.Task)
		}
	}
	return spells
}

// Failed reports whether a run with this outcome counts as a failure.
func (o Outcome) Failed() bool {
	return o == OutcomeCrashed || o == OutcomeTimedOut || o == OutcomeSpawnFailed || o == OutcomeGaveUp
}

// Judged reports whether a run with this outcome says something of its worker:
// one that was taken back or met a quota does not.
func (o Outcome) Judged() bool {
	return o.Failed() || o == OutcomeCompleted || o == OutcomeBlocked || o == OutcomeReviewRequested
}
