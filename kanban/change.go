package kanban

import (
	"fmt"
	"time"
)

// Change is everything one decision alters. It is stored whole or not at all.
type Change struct {
	Verb Verb // empty where only the record is added to
	Was  Task // as it was read; the zero Task when the change creates the card
	Task Task

	// Runs that are opened (their ID is zero), closed or touched. At most one is
	// opened without being closed; [NewRun] refers to it.
	Runs     []Run
	Links    []Link
	Unlinks  []Link
	Comments []Comment
	Subs     []Sub   // those the card has already stay as they are
	Events   []Event // each carries its own run

	Attachments, Detached []Attachment // kept from now on, and no longer

	// Proposals that are made (their ID is zero) or judged.
	Proposals []Proposal

	// Undoes, in a change of [VerbUndo], is the change whose rows it puts back.
	Undoes Deed

	// Refusal, if set, is what the caller is told once the Change is stored:
	// some refusals leave a mark upon the card they refuse.
	Refusal error
}

// change begins a decision about t.
func (t Task) change(v Verb) Change { return Change{Verb: v, Was: t, Task: t} }

func (c *Change) event(kind EventKind, run RunID, p Payload) {
	c.Events = append(c.Events, Event{Task: c.Task.ID, Run: run, Kind: kind, Payload: p})
}

// end closes run with e and takes the card from its worker. Where no run is
// open and synthesise is set, the outcome is recorded as a run of no length.
// It returns the number that events about the ending carry.
func (c *Change) end(run *Run, e ending, synthesise bool, now time.Time) RunID {
	id := RunID(0)
	switch {
	case run != nil && run.Open():
		c.Runs = append(c.Runs, run.close(e, now))
		id = run.ID
	case synthesise:
		c.Runs = append(c.Runs, c.Task.closedRun(e, now))
		id = NewRun
	}
	c.Task.clearClaim()
	return id
}

// Legal reports whether the table of moves has this change. It is the last
// check before storing: a rule that breaks the table is a fault of ours.
func (c Change) Legal() error {
	if c.Verb == "" && c.Was.Status == c.Task.Status {
		return nil
	}
	if c.Verb == VerbUndo { // back along a move that was in the table when it was made
		return nil
	}
	for _, to := range c.Was.Status.targets(c.Verb) {
		if to == c.Task.Status {
			return nil
		}
	}
	return fmt.Errorf("%s %s: the table of moves has no way from %q to %q", c.Verb, c.Task.ID, c.Was.Status, c.Task.Status)
}
