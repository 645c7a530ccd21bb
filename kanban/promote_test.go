package kanban

import (
	"testing"
	"time"
)

// What a person or the breaker has stopped does not go on by itself.
func TestPromoteByItself(t *testing.T) {
	for _, tt := range []struct {
		name    string
		task    Task
		parents []Task
		gate    Gate
		policy  Policy
		due     bool
	}{
		{name: "todo without parents", task: card(Todo), due: true},
		{name: "todo with done and archived parents", task: card(Todo), parents: append(parent(Done), parent(Archived)...), due: true},
		{name: "todo with one open parent", task: card(Todo), parents: append(parent(Done), parent(Review)...)},
		{name: "blocked by nobody", task: card(Blocked), due: true},
		{name: "blocked by a person", task: card(Blocked), gate: Gate{Block: EventBlocked}},
		{name: "unblocked by a person", task: card(Blocked), gate: Gate{Block: EventUnblocked, Breaker: EventUnblocked}, due: true},
		{name: "stopped by the breaker", task: card(Blocked), gate: Gate{Breaker: EventGaveUp}},
		{name: "stopped by the breaker, whatever the limit is now", task: card(Blocked), gate: Gate{Breaker: EventGaveUp}, policy: Policy{BoardLimit: 99}},
		{name: "reassigned after the breaker", task: card(Blocked), gate: Gate{Breaker: EventAssigned}, due: true},
		{name: "edited after the breaker", task: card(Blocked), gate: Gate{Breaker: EventEdited}, due: true},
		{name: "failures at the default limit", task: card(Blocked).with(func(t *Task) { t.Failures = 2 })},
		{name: "failures below the board's limit", task: card(Blocked).with(func(t *Task) { t.Failures = 2 }), policy: Policy{BoardLimit: 3}, due: true},
		{name: "failures at the card's own limit", task: card(Blocked).with(func(t *Task) { t.Failures, t.MaxRetries = 1, 1 }), policy: Policy{BoardLimit: 9}},
		{name: "ready already", task: card(Ready)},
		{name: "running", task: card(Running)},
		{name: "in triage", task: card(Triage)},
		{name: "scheduled", task: card(Scheduled)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, due := tt.task.Promote(tt.parents, tt.gate, tt.policy)
			if due != tt.due {
				t.Fatalf("due = %t, want %t", due, tt.due)
			}
			if due {
				wants(t, c, `promoted null`)
				if c.Task.Status != Ready || c.Task.Failures != tt.task.Failures {
					t.Errorf("the card is %s with %d failures, want ready with its %d", c.Task.Status, c.Task.Failures, tt.task.Failures)
				}
			}
		})
	}
}

func TestPromoteByHand(t *testing.T) {
	was := card(Blocked).with(func(t *Task) { t.Failures, t.BlockKind = 2, NeedsInput })
	c := does(t)(was.PromoteBy(Promotion{Actor: "eve", Reason: " now ", Force: true}, nil))
	wants(t, c, `promoted_manual {"actor": "eve", "reason": "now", "forced": true}`)
	if c.Task.Forced || c.Task.Failures != 2 || c.Task.BlockKind != NeedsInput {
		t.Errorf("card %+v; without an open parent nothing is forced, and nothing else changes", c.Task)
	}
	c = does(t)(card(Todo).PromoteBy(Promotion{}, nil))
	wants(t, c, `promoted_manual {"actor": null, "reason": null, "forced": false}`)
	_, err := card(Todo).PromoteBy(Promotion{Actor: "eve"}, parent(Running))
	refuses(t, err, ErrParentsOpen, Conflict, "promote t_0000000a", "t_0000000b", "--force")
}

// A promotion by force holds through claims, crashes and new links, until the
// card is finished, blocked or moved.
func TestForcedPromotionHolds(t *testing.T) {
	open := parent(Todo)
	task := does(t)(card(Todo).PromoteBy(Promotion{Force: true}, open)).Task
	if task.Status != Ready || !task.Forced {
		t.Fatalf("the card is %s, forced: %t", task.Status, task.Forced)
	}
	if task = does(t)(task.Link(Task{ID: "t_0000000c", Status: Todo}, nil)).Task; task.Status != Ready {
		t.Fatalf("a link sent the forced card to %s", task.Status)
	}
	claim := func() (Task, Run) {
		c := does(t)(task.Claim(Claimant{Lock: "host:11"}, open, nil, noon))
		if c.Refusal != nil || c.Task.Status != Running || !c.Task.Forced {
			t.Fatalf("claim: %v; the card is %s, forced: %t", c.Refusal, c.Task.Status, c.Task.Forced)
		}
		c.Task.Run, c.Runs[0].ID = 7, 7
		return c.Task, c.Runs[0]
	}
	held, run := claim()
	if task = does(t)(held.Fail(Failure{Class: Crashed}, run, Policy{BoardLimit: 9}, noon)).Task; task.Status != Ready || !task.Forced {
		t.Fatalf("after a crash the card is %s, forced: %t", task.Status, task.Forced)
	}
	held, run = claim()
	if task = does(t)(held.Reclaim("", held.Run, Termination{}, &run, noon)).Task; !task.Forced {
		t.Fatal("a reclaim ended the force")
	}
	held, run = claim()
	for name, c := range map[string]Change{
		"complete": does(t)(held.Complete(Report{}, &run, Witness{}, noon)),
		"block":    does(t)(held.Block(Block{}, nil, &run, noon)),
		"archive":  does(t)(held.Archive(&run, noon)),
		"breaker":  does(t)(held.Fail(Failure{Class: Crashed}, run, Policy{BoardLimit: 1}, noon)),
		"unblock":  does(t)(card(Blocked).with(func(t *Task) { t.Forced = true }).Unblock(Unblock{}, open, nil, noon.Add(time.Second))),
	} {
		if c.Task.Forced {
			t.Errorf("%s left the force on a card that is %s", name, c.Task.Status)
		}
	}
}
