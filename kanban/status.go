package kanban

import (
	"fmt"
	"slices"
	"strings"
)

// Status is where a card stands.
type Status string

const (
	Triage    Status = "triage"    // raw idea, waits to be specified
	Todo      Status = "todo"      // waits for its parents
	Scheduled Status = "scheduled" // waits for its hour
	Ready     Status = "ready"     // may be claimed
	Running   Status = "running"   // claimed; has an open run
	Blocked   Status = "blocked"   // waits for a person
	Review    Status = "review"    // waits for a reviewer
	Done      Status = "done"
	Archived  Status = "archived"
)

// Statuses lists every status in the order of a card's life.
var Statuses = []Status{Triage, Todo, Scheduled, Ready, Running, Blocked, Review, Done, Archived}

// ParseStatus accepts one of [Statuses].
func ParseStatus(s string) (Status, error) {
	if st := Status(s); slices.Contains(Statuses, st) {
		return st, nil
	}
	return "", Invalidf("unknown status %q; it is one of %s", s, join(Statuses))
}

// Satisfied reports whether a parent in this status holds its children back no
// longer. Done and archived satisfy every check alike.
func (s Status) Satisfied() bool { return s == Done || s == Archived }

// Verb is something that is done to a card.
type Verb string

const (
	VerbCreate    Verb = "create"
	VerbClaim     Verb = "claim"
	VerbHeartbeat Verb = "heartbeat"
	VerbComplete  Verb = "complete"
	VerbBlock     Verb = "block"
	VerbUnblock   Verb = "unblock"
	VerbPromote   Verb = "promote"
	VerbFail      Verb = "fail"
	VerbReclaim   Verb = "reclaim"
	VerbAssign    Verb = "assign"
	VerbComment   Verb = "comment"
	VerbLink      Verb = "link"
	VerbUnlink    Verb = "unlink"
	VerbArchive   Verb = "archive"

	VerbRequestReview Verb = "request-review"
	VerbReopenReview  Verb = "reopen-review"
	VerbSchedule      Verb = "schedule"
	VerbDue           Verb = "due" // not a person's: the hour has come
	VerbCancel        Verb = "cancel"
	VerbEdit          Verb = "edit"
	VerbEditResult    Verb = "edit-result" // of a finished card, by the same word
	VerbSetModel      Verb = "set-model"
	VerbSetEffort     Verb = "set-effort"
	VerbUnguard       Verb = "unguard"
	VerbSpecify       Verb = "specify"
	VerbDecompose     Verb = "decompose"
	VerbDelete        Verb = "delete"
	VerbAttach        Verb = "attach"
	VerbDetach        Verb = "attach-rm"

	// VerbUndo puts back what one of the others did; the table knows it not.
	VerbUndo Verb = "undo"
)

// Verbs lists every verb in the order of the table.
var Verbs = []Verb{
	VerbCreate, VerbSpecify, VerbDecompose, VerbClaim, VerbHeartbeat, VerbComplete, VerbBlock, VerbUnblock, VerbPromote,
	VerbRequestReview, VerbReopenReview, VerbSchedule, VerbDue,
	VerbFail, VerbReclaim, VerbCancel, VerbAssign, VerbEdit, VerbEditResult, VerbSetModel, VerbSetEffort, VerbUnguard, VerbComment,
	VerbAttach, VerbDetach,
	VerbLink, VerbUnlink, VerbArchive, VerbDelete,
}

// Move is one row of the table of legal moves: the verb may take a card from
// From to any status of To, and to no other. A verb that leaves the card where
// it is has From among To.
type Move struct {
	Verb Verb
	From Status // empty: the card does not exist yet
	To   []Status
}

// Moves is the table. A verb for which a status has no row is refused there.
var Moves = func() []Move {
	m := []Move{
		{VerbCreate, "", []Status{Ready, Todo, Triage, Blocked, Scheduled}},
		{VerbClaim, Ready, []Status{Running, Todo}}, // todo: refused, parents are open
		{VerbClaim, Review, []Status{Running}},      // by a reviewer
		{VerbHeartbeat, Running, []Status{Running}},
		{VerbComplete, Ready, []Status{Done}},
		{VerbComplete, Running, []Status{Done}},
		{VerbComplete, Blocked, []Status{Done}},
		{VerbComplete, Review, []Status{Done}},
		{VerbBlock, Ready, []Status{Blocked, Todo, Triage}},
		{VerbBlock, Running, []Status{Blocked, Todo, Triage}},
		{VerbUnblock, Scheduled, []Status{Ready, Todo}},
		{VerbUnblock, Blocked, []Status{Ready, Todo}},
		{VerbPromote, Todo, []Status{Ready}},
		{VerbPromote, Blocked, []Status{Ready}},
		{VerbRequestReview, Ready, []Status{Review}},
		{VerbRequestReview, Running, []Status{Review}},
		{VerbReopenReview, Review, []Status{Ready, Todo}},
		{VerbSchedule, Todo, []Status{Scheduled}},
		{VerbSchedule, Ready, []Status{Scheduled}},
		{VerbSchedule, Running, []Status{Scheduled}},
		{VerbSchedule, Blocked, []Status{Scheduled}},
		{VerbDue, Scheduled, []Status{Ready, Todo}},
		{VerbSpecify, Triage, []Status{Todo}},
		{VerbDecompose, Triage, []Status{Todo}},
		{VerbFail, Running, []Status{Ready, Blocked}},
		{VerbCancel, Ready, []Status{Blocked}},
		{VerbCancel, Running, []Status{Blocked}},
		{VerbEditResult, Done, []Status{Done}},
		{VerbReclaim, Ready, []Status{Ready}}, // only to clear a claim left behind
		{VerbReclaim, Running, []Status{Ready}},
		{VerbReclaim, Blocked, []Status{Ready}}, // likewise
	}
	for _, s := range Statuses {
		m = append(m, anywhere(s)...)
	}
	return m
}()

// anywhere are the moves that are legal wherever a card stands. Those of a status
// that only another program knows are no others: such a card can be talked about,
// put away and deleted, and where it goes is the other program's affair.
func anywhere(s Status) []Move {
	link := Move{VerbLink, s, []Status{s}}
	if s == Ready {
		link.To = []Status{Ready, Todo}
	}
	m := []Move{{VerbAssign, s, []Status{s}}, {VerbComment, s, []Status{s}}, link,
		{VerbUnlink, s, []Status{s}}, {VerbUnguard, s, []Status{s}}, {VerbAttach, s, []Status{s}}, {VerbDetach, s, []Status{s}},
		{VerbDelete, s, []Status{Gone}}}
	if s != Archived {
		m = append(m, Move{VerbArchive, s, []Status{Archived}}, Move{VerbEdit, s, []Status{s}},
			Move{VerbSetModel, s, []Status{s}}, Move{VerbSetEffort, s, []Status{s}})
	}
	return m
}

// May reports whether the verb is legal for a card in this status at all.
func (s Status) May(v Verb) bool { return len(s.targets(v)) > 0 }

func (s Status) targets(v Verb) []Status {
	moves := Moves
	if s != Gone && !slices.Contains(Statuses, s) {
		moves = anywhere(s)
	}
	for _, m := range moves {
		if m.Verb == v && m.From == s {
			return m.To
		}
	}
	return nil
}

// Settled lists the statuses that satisfy a child.
func Settled() []Status {
	var settled []Status
	for _, s := range Statuses {
		if s.Satisfied() {
			settled = append(settled, s)
		}
	}
	return settled
}

// Sources lists the statuses in which the verb is legal.
func Sources(v Verb) []Status {
	var from []Status
	for _, s := range Statuses {
		if s.May(v) {
			from = append(from, s)
		}
	}
	return from
}

// allowed refuses the verb unless the table has a row for it. The refusal names
// the status, the verb and the statuses that would do.
func (t Task) allowed(v Verb, hint string) error {
	if t.Status.May(v) {
		return nil
	}
	return &Error{
		Code: Conflict, Err: ErrConflict, Hint: hint,
		Msg: fmt.Sprintf("%s %s: the card is %s, and only one in %s can be %s", v, t.ID, t.Status, join(Sources(v)), participle(v)),
	}
}

// participles are those that the verb does not form by itself.
var participles = map[Verb]string{
	VerbHeartbeat:     "kept alive",
	VerbRequestReview: "sent to review",
	VerbReopenReview:  "reopened",
	VerbDue:           "due",
	VerbCancel:        "cancelled",
	VerbEdit:          "edited",
	VerbEditResult:    "given another result",
	VerbSetModel:      "given a model",
	VerbSetEffort:     "given an effort",
	VerbSpecify:       "specified",
}

func participle(v Verb) string {
	switch {
	case participles[v] != "":
		return participles[v]
	case strings.HasSuffix(string(v), "e"):
		return string(v) + "d"
	}
	return string(v) + "ed"
}

func join[S ~string](list []S) string {
	s := make([]string, len(list))
	for i, v := range list {
		s[i] = string(v)
	}
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	return strings.Join(s[:len(s)-1], ", ") + " or " + s[len(s)-1]
}
