package kanban

import (
	"strings"
	"time"
)

// ReviewRequest hands a card over to be looked at.
type ReviewRequest struct {
	Summary  string
	Reviewer string // who should look; it is told, and assigns nothing
	Run      RunID  // the worker's run; zero for a person
}

// RequestReview sends the card to review. The implementer stays its assignee,
// and what is remembered of blocks and failures stays too.
func (t Task) RequestReview(r ReviewRequest, run *Run, now time.Time) (Change, error) {
	if err := t.pinned(VerbRequestReview, r.Run); err != nil {
		return Change{}, err
	}
	if err := t.allowed(VerbRequestReview, t.wayToReady()); err != nil {
		return Change{}, err
	}
	if err := prose("the summary", &r.Summary, "the reviewer", &r.Reviewer); err != nil {
		return Change{}, err
	}
	c := t.change(VerbRequestReview)
	c.Task.Status, c.Task.Forced = Review, false
	id := c.end(run, ending{outcome: OutcomeReviewRequested, summary: r.Summary}, strings.TrimSpace(r.Summary) != "", now)
	c.event(EventReviewRequested, id, payload("summary", orNull(firstLine(r.Summary, 400)),
		"implementer", orNull(t.Assignee), "reviewer", orNull(CanonicalAssignee(r.Reviewer))))
	return c, nil
}

// Reopening is a reviewer's no.
type Reopening struct {
	Reason string
	Author string
}

// ReopenReview sends a card in review back to be worked on: to ready, or to todo
// while a parent is unfinished. Failures are forgotten. The reason becomes a
// comment in the same change.
func (t Task) ReopenReview(r Reopening, parents []Task, dangling *Run, now time.Time) (Change, error) {
	if err := t.allowed(VerbReopenReview, ""); err != nil {
		return Change{}, err
	}
	if err := prose("the reason", &r.Reason, "the author", &r.Author); err != nil {
		return Change{}, err
	}
	c := t.change(VerbReopenReview)
	if reason := strings.TrimSpace(r.Reason); reason != "" {
		c.comment(r.Author, "CHANGES REQUESTED: "+reason, now)
	}
	c.end(dangling, ending{outcome: OutcomeReclaimed, summary: "invariant recovery on reopen"}, false, now)
	c.Task.clearFailures()
	c.Task.Status = landing(parents)
	c.event(EventReviewReopened, 0, c.Task.landed())
	return c, nil
}
