package kanban

import (
	"errors"
	"fmt"
)

// Code classifies an error. Surfaces turn it into an exit status, an HTTP
// status or a tool error by one table.
type Code int

const (
	Internal Code = iota // what no other code describes
	Usage                // the call's words are wrong: a flag, a file's syntax
	Invalid              // a value breaks a rule
	NotFound
	Conflict // the card is not where the verb needs it
	Denied   // the system does not let us: permissions
	Busy     // others hold what is needed; nothing was done
	Unknown  // a commit was sent and its answer lost; read again
	Damaged  // the file is no database, or not whole
)

// Error is a classified error with, where one is known, the way out.
type Error struct {
	Code Code
	Msg  string
	Hint string // what to do about it, one sentence; may be empty
	Err  error  // what to find with errors.Is; may be nil
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Msg
	}
	return e.Msg + "; " + e.Hint
}

func (e *Error) Unwrap() error { return e.Err }

// What a caller may branch on.
var (
	// Finding.
	ErrNotFound = errors.New("not found")

	// Moving a card.
	ErrConflict    = errors.New("the card's status does not allow it")
	ErrHeld        = errors.New("another worker holds the card")
	ErrParentsOpen = errors.New("a parent is not finished")
	ErrSuperseded  = errors.New("the run is no longer the card's current one")
	ErrCycle       = errors.New("the link would close a circle")

	// Reporting.
	ErrPhantom = errors.New("the report names a card that was not made")
	ErrRefused = errors.New("the check refused the report")

	// Writing.
	ErrUnknown = errors.New("the outcome of the commit is unknown")
)

// CodeOf finds the code of the first [Error] in the chain. An error that no one
// classified is [Internal].
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}

// Invalidf makes an error of code [Invalid].
func Invalidf(format string, args ...any) error {
	return &Error{Code: Invalid, Msg: fmt.Sprintf(format, args...)}
}

// NoTask is the error for an id that names no card.
func NoTask(id TaskID) error {
	return &Error{Code: NotFound, Err: ErrNotFound, Msg: fmt.Sprintf("no card %s on this board", id),
		Hint: "`andon list --archived` shows every card"}
}
