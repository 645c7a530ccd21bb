package kanban

import (
	"errors"
	"slices"
	"time"
)

// Scope is how far somebody's rights upon a board go. Its zero value has no
// bounds: a person, an orchestrator, the dispatcher.
type Scope struct {
	ReadOnly bool

	// Task is the card of the worker that acts; empty: none does. Run is the run
	// that it carries out, which must be the card's current one for as long as
	// anything shall change. Zero is a worker without a run: it changes nothing.
	Task TaskID
	Run  RunID

	// Leased lets the right end with the run's lease, and makes it the right to read,
	// too. So it is for one who is known by a token only, which may itself be good
	// Until some time; zero: as long as the lease.
	Leased bool
	Until  time.Time
}

// Worker reports whether the scope is that of a worker.
func (s Scope) Worker() bool { return s.Task != "" }

// ownVerbs are what a worker does to its own card and to no other, and anyVerbs
// what it does to every card. What is in neither list, it does not do.
var (
	ownVerbs = []Verb{VerbHeartbeat, VerbComplete, VerbBlock, VerbSchedule, VerbRequestReview, VerbAttach, VerbDetach}
	anyVerbs = []Verb{VerbComment, VerbCreate, VerbLink}
)

// ErrScope is the error for what is beyond somebody's scope.
var ErrScope = errors.New("not within the scope of who asks")

// May refuses the verb upon a card that is none of the scope's business. The empty
// verb only adds to the record, as a refused report does.
func (s Scope) May(v Verb, id TaskID) error {
	if v == "" {
		v = VerbComplete
	}
	switch {
	case s.ReadOnly:
		return &Error{Code: Denied, Err: ErrScope, Msg: sprintf("%s %s: this session may only read", v, id)}
	case !s.Worker(), slices.Contains(anyVerbs, v), slices.Contains(ownVerbs, v) && id == s.Task:
		return nil
	case slices.Contains(ownVerbs, v):
		return &Error{Code: Denied, Err: ErrScope, Msg: sprintf("%s %s: a worker may do that to its own card only, which is %s", v, id, s.Task),
			Hint: "comment on the other card, or create a card, to hand something over"}
	}
	return &Error{Code: Denied, Err: ErrScope, Msg: sprintf("%s %s: that is not for workers, and this is the one of %s", v, id, s.Task),
		Hint: "comment on the card and say what should be done"}
}

// Keep refuses what is no verb upon a card but is done to the board as a whole.
func (s Scope) Keep() error {
	switch {
	case s.ReadOnly:
		return &Error{Code: Denied, Err: ErrScope, Msg: "this session may only read"}
	case s.Worker():
		return &Error{Code: Denied, Err: ErrScope, Msg: sprintf("that is not for workers, and this is the one of %s", s.Task)}
	}
	return nil
}

// Holds refuses everything to a worker whose run is not, or no longer, the current
// one of its card. own is the card; the zero Task if there is none.
func (s Scope) Holds(own Task, now time.Time) error {
	if !s.Worker() {
		return nil
	}
	over := func(what string) error {
		return &Error{Code: Conflict, Err: ErrSuperseded, Msg: what, Hint: "this worker should stop; nothing was changed"}
	}
	switch {
	case own.ID == "":
		return over(sprintf("the worker's card %s is not on this board", s.Task))
	case s.Run == 0:
		return over(sprintf("card %s has no run that this worker could be carrying out: it was %s when the session began", s.Task, notRunning(own)))
	case own.Run != s.Run || own.Status != Running:
		return over(sprintf("run %s is no longer the current one of card %s, which is %s", s.Run, s.Task, own.Status))
	case s.Leased && !s.Until.IsZero() && !now.Before(s.Until):
		return over(sprintf("the token of run %s of card %s has expired", s.Run, s.Task))
	case s.Leased && !own.Expires.After(now):
		return over(sprintf("the lease of run %s of card %s has expired", s.Run, s.Task))
	}
	return nil
}

func notRunning(t Task) string {
	if t.Status == Running {
		return "not running"
	}
	return string(t.Status)
}
