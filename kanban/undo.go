package kanban

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// UndoFor is how long a change can be undone.
const UndoFor = 24 * time.Hour

// Undoable lists the verbs that can be undone: what people do to a card that
// takes it from no worker.
func Undoable() []Verb {
	return []Verb{VerbEdit, VerbEditResult, VerbAssign, VerbLink, VerbUnlink, VerbBlock, VerbUnblock, VerbPromote, VerbSchedule,
		VerbArchive, VerbSetModel, VerbSetEffort, VerbDelete}
}

// Undoable reports whether the change is kept to be undone. One that ends a run
// is not, since no worker comes back; but a deleted card does, as a ready one.
func (c Change) Undoable() bool {
	return slices.Contains(Undoable(), c.Verb) && c.Refusal == nil &&
		(c.Was.Status != Running || c.Task.Status == Running || c.Verb == VerbDelete)
}

// Row is a row as a change found it and as it left it: JSON objects of the columns
// that differ, or of all columns where the row was not there, or is there no
// longer; that is null.
type Row struct {
	Table string          `json:"table"`
	Key   json.RawMessage `json:"key"` // an array
	Was   json.RawMessage `json:"was"`
	Is    json.RawMessage `json:"is"`
}

// Touched is a card whose rows a change altered, and its history then.
type Touched struct {
	Task    TaskID    `json:"task"`
	Last    EventID   `json:"last"`              // its newest event, the change's own among them
	Block   EventKind `json:"block,omitempty"`   // [Gate.Block] before the change
	Breaker EventKind `json:"breaker,omitempty"` // [Gate.Breaker] likewise
}

// Deed is a change that was done and can be undone.
type Deed struct {
	ID      int64
	Command string // what one command did has one
	At      time.Time
	Actor   string
	Verb    Verb
	Task    TaskID
	Undone  time.Time // zero: not yet
	Effect  Effect
}

// Effect is what a change did to the rows of the board.
type Effect struct {
	Of    int64     `json:"of,omitempty"` // the change that this one undid
	Title string    `json:"title"`
	Rows  []Row     `json:"rows"`
	Cards []Touched `json:"cards"`
}

// Now is what an undoing has to know of the board as it is.
type Now struct {
	At    time.Time
	Task  Task              // zero if it is not there
	Rows  []json.RawMessage // as they are now, in the order of the effect's, in its columns
	Since []Event           // of the cards touched, after what the command did
	Gates map[TaskID]Gate   // of the cards touched
}

// Undo takes a change back, if the cards that it touched stand as it left them:
// otherwise it would take back what others did since. What the card's history
// says of a block, which the history decides, it says again.
func (d Deed) Undo(now Now) (Change, error) {
	refuse := func(code Code, why, hint string) (Change, error) {
		return Change{}, &Error{Code: code, Err: ErrConflict, Msg: sprintf("undo %d (%s %s): %s", d.ID, d.Verb, d.Task, why), Hint: hint}
	}
	switch {
	case !d.Undone.IsZero():
		return refuse(Conflict, "it is undone already", "`andon undo --list` shows what can be undone")
	case len(d.Effect.Rows) == 0:
		return refuse(Conflict, "what it changed is not known", "change it by hand")
	case now.At.Sub(d.At) >= UndoFor:
		return refuse(Conflict, "it is more than a day old", "`andon show "+string(d.Task)+"` shows what was changed since")
	}
	for _, e := range now.Since {
		if e.Kind != EventHeartbeat && e.Kind != EventClaimExtended { // a worker's signs of life
			return refuse(Conflict, sprintf("card %s has moved on since: %s", e.Task, e.Kind), "`andon show "+string(e.Task)+"` tells; change it by hand")
		}
	}
	for i, r := range d.Effect.Rows {
		if !bytes.Equal(now.Rows[i], r.Is) && !r.delivered(now.Rows[i]) {
			return refuse(Conflict, sprintf("another program has changed what it wrote (%s)", r.Table), "`andon show "+string(d.Task)+"` tells; change it by hand")
		}
	}
	c := Change{Verb: VerbUndo, Was: now.Task, Task: now.Task, Undoes: d}
	c.Task.ID = d.Task
	for _, t := range d.Effect.Cards {
		c.back(d, t, now)
	}
	return c, nil
}

// delivered reports whether the row is a subscription that the change made, whose
// reader has gone on.
func (r Row) delivered(is json.RawMessage) bool {
	return r.Table == "kanban_notify_subs" && none(r.Was) && !none(is)
}

func none(row json.RawMessage) bool { return len(row) == 0 || string(row) == "null" }

// back appends what the history of a touched card gets.
func (c *Change) back(d Deed, t Touched, now Now) {
	var status Status
	removed := false
	for _, r := range d.Effect.Rows {
		var key []TaskID
		if r.Table != "tasks" || json.Unmarshal(r.Key, &key) != nil || key[0] != t.Task {
			continue
		}
		var was struct{ Status Status }
		_ = json.Unmarshal(r.Was, &was) // a status that is no text is none that we would say
		status, removed = was.Status, none(r.Was)
	}
	if removed {
		return // and has no history
	}
	undo := Field{"undo", d.ID}
	say := func(kind EventKind, p ...any) {
		c.Events = append(c.Events, Event{Task: t.Task, Kind: kind, Payload: append(payload(p...), undo)})
	}
	began := len(c.Events)
	switch {
	case status == Archived:
		say(EventArchived)
	case status != "":
		say(EventStatus, "status", status)
	case t.Task != d.Task:
	case d.Verb == VerbLink || d.Verb == VerbUnlink || d.Verb == VerbUndo:
		c.linksBack(d, say)
	case d.Verb == VerbAssign:
		say(EventAssigned, "assignee", d.was("assignee"))
	}
	if len(c.Events) == began {
		say(EventEdited, "fields", d.fields())
	}
	// The history decides whether a blocked card stays so: the same must be its last
	// word as before the change.
	gate := now.Gates[t.Task]
	spoke := func(kinds []EventKind) bool {
		return slices.ContainsFunc(c.Events[began:], func(e Event) bool { return slices.Contains(kinds, e.Kind) })
	}
	if t.Block == EventBlocked && (gate.Block != t.Block || spoke(BlockGate)) {
		say(EventBlocked, "reason", "a change was undone", "kind", nil, "recurrences", nil)
	}
	if t.Breaker == EventGaveUp && (gate.Breaker != t.Breaker || spoke(BreakerGate)) {
		say(EventGaveUp)
	}
}

// linksBack says of each link whether it is there again.
func (c *Change) linksBack(d Deed, say func(EventKind, ...any)) {
	for _, r := range d.Effect.Rows {
		var key []TaskID
		if r.Table != "task_links" || json.Unmarshal(r.Key, &key) != nil || len(key) != 2 {
			continue
		}
		kind := EventLinked
		if none(r.Was) {
			kind = EventUnlinked
		}
		say(kind, "parent", key[0], "child", key[1])
	}
}

// Restored lists the links that undoing the change puts back.
func (d Deed) Restored() (links []Link) {
	for _, r := range d.Effect.Rows {
		var key []TaskID
		if r.Table == "task_links" && !none(r.Was) && json.Unmarshal(r.Key, &key) == nil && len(key) == 2 {
			links = append(links, Link{Parent: key[0], Child: key[1]})
		}
	}
	return links
}

// was is what a column of the card's row was.
func (d Deed) was(column string) any {
	for _, r := range d.Effect.Rows {
		var columns map[string]json.RawMessage
		if r.Table == "tasks" && json.Unmarshal(r.Was, &columns) == nil && columns[column] != nil {
			return columns[column]
		}
	}
	return nil
}

// fields names the columns that an undoing gives other values.
func (d Deed) fields() []string {
	names := []string{}
	for _, r := range d.Effect.Rows {
		var columns map[string]json.RawMessage
		if (r.Table == "tasks" || r.Table == "task_runs") && json.Unmarshal(r.Was, &columns) == nil {
			for name := range columns {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
	}
	slices.Sort(names)
	return names
}

// Circle refuses an undoing that would make cards wait for each other: below are
// the links among the child of l and all that waits for it, without l.
func (d Deed) Circle(l Link, below []Link) error {
	if way := path(below, l.Child, l.Parent); way != nil {
		return &Error{Code: Conflict, Err: ErrCycle,
			Msg:  sprintf("undo %d (%s %s): the link %s -> %s would close the circle %s", d.ID, d.Verb, d.Task, l.Parent, l.Child, arrows(append(way, l.Child))),
			Hint: sprintf("`andon unlink %s %s` opens it", way[0], way[1])}
	}
	return nil
}
