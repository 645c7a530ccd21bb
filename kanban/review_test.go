package kanban

import "testing"

// The hand-over of a live run and of a card that nobody held.
func TestRequestReview(t *testing.T) {
	task, run := running()
	task.BlockKind, task.BlockRecurrences, task.Failures = NeedsInput, 1, 1
	c := does(t)(task.RequestReview(ReviewRequest{Run: 7, Summary: " all of it\nin detail", Reviewer: " Bob "}, run, noon))
	wants(t, c, `review_requested {"summary": "all of it", "implementer": "ada", "reviewer": "bob"}`)
	if r := c.Runs[0]; r.Status != "review" || r.Outcome != OutcomeReviewRequested || c.Events[0].Run != 7 {
		t.Errorf("the run ended as %+v, its event names run %s", r, c.Events[0].Run)
	}
	if n := c.Task; n.Status != Review || n.Assignee != "ada" || n.Failures != 1 || n.BlockRecurrences != 1 || n.Lock != "" || n.Run != 0 {
		t.Errorf("the card became %+v", n)
	}

	c = does(t)(card(Ready).RequestReview(ReviewRequest{}, nil, noon))
	wants(t, c, `review_requested {"summary": null, "implementer": "ada", "reviewer": null}`)
	if len(c.Runs) != 0 {
		t.Errorf("without a word a run was made: %+v", c.Runs)
	}
	c = does(t)(card(Ready).RequestReview(ReviewRequest{Summary: "look"}, nil, noon))
	if r := c.Runs[0]; r.Status != "review_requested" || r.Summary != "look" {
		t.Errorf("the synthetic run is %+v", r)
	}
	_, err := task.RequestReview(ReviewRequest{Run: 6}, run, noon)
	refuses(t, err, ErrSuperseded, Conflict, "run 6")
}

// A card in review is nobody's but a reviewer's, and its parents do not matter.
func TestClaimOfAReview(t *testing.T) {
	_, err := card(Review).Claim(Claimant{Lock: "h:1"}, nil, nil, noon)
	refuses(t, err, ErrConflict, Conflict, "in review")
	c := does(t)(card(Review).Claim(Claimant{Lock: "h:1", Review: true}, parent(Todo), nil, noon))
	wants(t, c, `claimed {"lock": "h:1", "expires": 1700000900, "run_id": 7, "source_status": "review"}`)
	done := c.Task
	done.Run = 7
	if got := does(t)(done.Complete(Report{Run: 7}, runOf(done), Witness{}, noon)).Task.Status; got != Done {
		t.Errorf("approved, the card is %s", got)
	}
}

func TestReopenReview(t *testing.T) {
	task := card(Review).with(func(t *Task) { t.Failures, t.LastError = 1, "x" })
	c := does(t)(task.ReopenReview(Reopening{Reason: "in grams ", Author: "bob"}, nil, nil, noon))
	wants(t, c, `commented {"author": "bob", "len": 27}`, `review_reopened null`)
	if c.Comments[0].Body != "CHANGES REQUESTED: in grams" || c.Task.Failures != 0 || c.Task.Status != Ready {
		t.Errorf("comment %q, card %+v", c.Comments[0].Body, c.Task)
	}
	wants(t, does(t)(task.ReopenReview(Reopening{}, parent(Running), nil, noon)), `review_reopened {"status": "todo"}`)
}
