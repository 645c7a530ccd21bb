package kanban

import (
	"slices"
	"strings"
)

// Gate is what the card's history says about a block: which of its events was
// the last word on the matter.
type Gate struct {
	Block   EventKind // the newest of BlockGate; empty if there is none
	Breaker EventKind // the newest of BreakerGate; empty if there is none
}

// The kinds of event that decide whether a blocked card stays so.
var (
	// BlockGate: an explicit block holds until it is taken back.
	BlockGate = []EventKind{EventBlocked, EventUnblocked}

	// BreakerGate: a tripped breaker holds until a person unblocks, reassigns or
	// edits the card.
	BreakerGate = []EventKind{EventGaveUp, EventUnblocked, EventAssigned, EventEdited}
)

// Newest is a card's newest event of each kind.
type Newest map[EventKind]EventID

// GateKinds are the kinds of events that decide upon a [Gate].
func GateKinds() []EventKind { return append(slices.Clone(BlockGate), BreakerGate...) }

// Gate is what events of [GateKinds] say.
func (n Newest) Gate() Gate { return Gate{Block: n.last(BlockGate), Breaker: n.last(BreakerGate)} }

func (n Newest) last(kinds []EventKind) (kind EventKind) {
	for _, k := range kinds {
		if n[k] > n[kind] {
			kind = k
		}
	}
	return kind
}

// Promote makes a card ready by itself: a todo card whose parents are all
// satisfied, or a blocked one that neither a person nor the breaker holds and
// whose failures are below the limit. ok is false where nothing is due.
func (t Task) Promote(parents []Task, g Gate, p Policy) (c Change, ok bool) {
	if !t.Status.May(VerbPromote) || len(open(parents)) > 0 {
		return Change{}, false
	}
	if t.Status == Blocked {
		limit, _ := p.Limit(t)
		if g.Block == EventBlocked || g.Breaker == EventGaveUp || t.Failures >= limit {
			return Change{}, false
		}
	}
	c = t.change(VerbPromote)
	c.Task.Status = Ready
	c.event(EventPromoted, 0, nil)
	return c, true
}

// Promotion is a promotion by hand.
type Promotion struct {
	Actor  string
	Reason string
	Force  bool // although parents are open; holds until the card is claimed and finished, blocked or moved
}

// PromoteBy makes a todo or blocked card ready at a person's word.
func (t Task) PromoteBy(p Promotion, parents []Task) (Change, error) {
	if err := t.allowed(VerbPromote, ""); err != nil {
		return Change{}, err
	}
	if err := prose("the reason", &p.Reason, "the actor", &p.Actor); err != nil {
		return Change{}, err
	}
	waits := open(parents)
	if len(waits) > 0 && !p.Force {
		return Change{}, &Error{Code: Conflict, Err: ErrParentsOpen,
			Msg:  sprintf("promote %s: it waits for %s", t.ID, join(waits)),
			Hint: "--force promotes it all the same"}
	}
	c := t.change(VerbPromote)
	c.Task.Status, c.Task.Forced = Ready, len(waits) > 0
	c.event(EventPromotedBy, 0, payload("actor", orNull(p.Actor), "reason", orNull(strings.TrimSpace(p.Reason)), "forced", p.Force))
	return c, nil
}
