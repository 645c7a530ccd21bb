package kanban

import (
	"slices"
	"testing"
)

// These are the traps of Hermes' kernel that no other test is about; docs/traps.md
// lists where each is proved.

// Every opener of a board renames these kinds; one that is emitted would be read
// as something else.
func TestTrap12RetiredKindsAreNotEmitted(t *testing.T) {
	retired := []EventKind{"ready", "priority", "spawn_auto_blocked"}
	for _, v := range Verbs {
		for _, ask := range cases[v] {
			for _, s := range Statuses {
				c, err := ask(card(s))
				for _, e := range c.Events {
					if err == nil && slices.Contains(retired, e.Kind) {
						t.Errorf("%s of a card in %s appends %s", v, s, e.Kind)
					}
				}
			}
		}
	}
}

// Blocked by a person, promoted by hand and then stopped by the breaker, a card
// is still the person's: only the last block or unblock counts.
func TestTrap13ABlockOutlivesAPromotion(t *testing.T) {
	task, run := running()
	blocked := does(t)(task.Block(Block{Kind: NeedsInput}, nil, run, noon)).Task
	again := does(t)(does(t)(blocked.PromoteBy(Promotion{}, nil)).Task.Claim(Claimant{Lock: "h:1"}, nil, nil, noon)).Task
	again.Run = 8
	stopped := does(t)(again.Fail(Failure{Class: Crashed}, *runOf(again), Policy{BoardLimit: 1}, noon)).Task
	stopped.Failures = 0 // as an edit or another assignee leaves it
	if _, due := stopped.Promote(nil, Gate{Block: EventBlocked, Breaker: EventEdited}, Policy{}); due {
		t.Error("the card goes on although nobody unblocked it")
	}
}

// A reviewer who cannot be started leaves the card to whoever works on it.
func TestTrap28AFailedReviewerLeavesTheCardReady(t *testing.T) {
	held := does(t)(card(Review).Claim(Claimant{Lock: "host:11", Review: true}, nil, nil, noon)).Task
	held.Run = 7
	c := does(t)(held.Fail(Failure{Class: SpawnFailed, Error: "no such program"}, *runOf(held), Policy{BoardLimit: 3}, noon))
	if c.Task.Status != Ready || c.Task.Failures != 1 {
		t.Errorf("the card is %s with %d failures", c.Task.Status, c.Task.Failures)
	}
	if requested := does(t)(c.Task.RequestReview(ReviewRequest{Reviewer: "eve"}, nil, noon)).Task; requested.BlockRecurrences != 0 || requested.Assignee != "ada" {
		t.Errorf("a request for review left %+v", requested)
	}
}

// What a card says of its result is what the last report said, nothing included.
func TestTrap30TheResultIsOverwritten(t *testing.T) {
	old := card(Review).with(func(t *Task) { t.Result = "old" })
	if got := does(t)(old.Complete(Report{Summary: "s"}, nil, Witness{}, noon)).Task.Result; got != "" {
		t.Errorf("the result is %q", got)
	}
}

// A card that is not ready is refused to a claimer without a trace.
func TestTrap45ARefusedClaimOfAWaitingCardLeavesNoMark(t *testing.T) {
	c, err := card(Todo).Claim(Claimant{Lock: "h:1"}, parent(Todo), nil, noon)
	refuses(t, err, ErrConflict, Conflict, "todo")
	if len(c.Events) != 0 {
		t.Errorf("events %+v", c.Events)
	}
}
