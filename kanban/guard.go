package kanban

import (
	"regexp"
	"time"
)

// GuardReason is why a ready card is not started again yet. It comes from how
// runs ended and from what was linked, never from the words of an error.
type GuardReason string

const (
	GuardRateLimit GuardReason = "rate_limit_cooldown" // the last run met a quota
	GuardSuccess   GuardReason = "recent_success"      // a run was completed, and nobody has asked for more
	GuardPull      GuardReason = "active_pr"           // a comment names a pull request, which may still be open
)

// How long a guard holds by itself. Each has an end.
const (
	SuccessRest = time.Hour      // from the end of the completed run
	PullRest    = 24 * time.Hour // from the comment
)

// Guard is that a card is held, why, and until when at the latest.
type Guard struct {
	Reason GuardReason
	Until  time.Time
	Link   string // the pull request, if that is the reason

	since time.Time // what it stems from
}

// Past is what the history of a ready card has to say about starting it again.
type Past struct {
	Last      Outcome   // of the run that ended last
	Success   time.Time // end of the newest completed run
	Link      string    // the newest pull request that a comment names
	LinkAt    time.Time
	Requeued  time.Time // newest event by which the card was put back on purpose
	Continued time.Time // newest event that says to go on although a pull request is open
	Held      GuardReason
	HeldAt    time.Time // newest event that says the card is held, and why
}

// What puts a card back on purpose, and what says to go on with it.
var (
	requeues  = map[EventKind]bool{EventStatus: true, EventPromoted: true, EventUnblocked: true, EventReclaimed: true, EventUnguarded: true}
	continues = map[EventKind]bool{EventUnblocked: true, EventReviewReopened: true, EventUnguarded: true}
)

// PastKinds are the kinds of event that [NewPast] regards.
var PastKinds = []EventKind{EventStatus, EventPromoted, EventUnblocked, EventReclaimed, EventReviewReopened, EventUnguarded, EventGuarded}

// pullRequest finds the address of a pull request.
var pullRequest = regexp.MustCompile(`https?://github\.com/[^/\s]+/[^/\s]+/pull/[0-9]+`)

// PullMark is in every text in which [NewPast] can find a pull request.
const PullMark = "/pull/"

// NewPast sums up a card's closed runs, comments and events, in any order.
func NewPast(runs []Run, comments []Comment, events []Event) Past {
	var p Past
	var ended time.Time
	last := RunID(0)
	for _, r := range runs {
		if r.Open() {
			continue
		}
		if r.EndedAt.After(ended) || r.EndedAt.Equal(ended) && r.ID > last {
			p.Last, ended, last = r.Outcome, r.EndedAt, r.ID
		}
		if r.Outcome == OutcomeCompleted && r.EndedAt.After(p.Success) {
			p.Success = r.EndedAt
		}
	}
	for _, c := range comments {
		if link := pullRequest.FindString(c.Body); link != "" && !c.At.Before(p.LinkAt) {
			p.Link, p.LinkAt = link, c.At
		}
	}
	newest := EventID(0)
	for _, e := range events {
		if requeues[e.Kind] && e.At.After(p.Requeued) {
			p.Requeued = e.At
		}
		if continues[e.Kind] && e.At.After(p.Continued) {
			p.Continued = e.At
		}
		if e.Kind == EventGuarded && e.ID > newest {
			p.Held, p.HeldAt, newest = GuardReason(e.Payload.Text("reason")), e.At, e.ID
		}
	}
	return p
}

// Guard says whether the card's past holds it back at this hour. A card that a
// quota stopped rests, and is free of every other guard after that: it was let
// through once already. An event of the same second as what it answers counts.
func (t Task) Guard(p Past, now time.Time) (g Guard, held bool) {
	switch {
	case p.Last == OutcomeRateLimited:
		return Guard{Reason: GuardRateLimit, Until: t.RetryAt}, t.RetryAt.After(now)
	case !p.Success.IsZero() && p.Success.Add(SuccessRest).After(now) && p.Requeued.Before(p.Success):
		return Guard{Reason: GuardSuccess, Until: p.Success.Add(SuccessRest), since: p.Success}, true
	case p.Link != "" && p.LinkAt.Add(PullRest).After(now) && p.Continued.Before(p.LinkAt):
		return Guard{Reason: GuardPull, Until: p.LinkAt.Add(PullRest), Link: p.Link, since: p.LinkAt}, true
	}
	return Guard{}, false
}

// Guarded records that the card is held by its past. It is recorded once, when
// the card comes to be held for that reason or is held anew; ok is false if it
// is not held, or that is on record. The rest after a quota has an event of its
// own already.
func (t Task) Guarded(p Past, now time.Time) (c Change, ok bool) {
	g, held := t.Guard(p, now)
	if t.Status != Ready || !held || g.Reason == GuardRateLimit || p.Held == g.Reason && !p.HeldAt.Before(g.since) {
		return Change{}, false
	}
	c = Change{Was: t, Task: t}
	c.event(EventGuarded, 0, payload("reason", string(g.Reason)))
	return c, true
}
