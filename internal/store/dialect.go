package store

import "context"

// Dialect is everything we have found the databases to disagree about.
type Dialect struct {
	Name    string
	Rebind  func(query string) string // turns ? into the database's own mark
	Retry   func(error) bool          // the statement did nothing and may be sent again
	Explain func(error) error         // classifies a driver's error; others pass unchanged

	// Begin begins a transaction that is its board's only writer, BeginRead one
	// that sees one state of it. Each is one message of one or more statements.
	Begin, BeginRead string

	// Commit ends a transaction that changed something, in a message likewise.
	Commit string

	// Undone tells of a COMMIT that failed whether it certainly stored nothing.
	Undone func(error) bool

	// Typed columns hold values of their own type only, and text that is valid
	// UTF-8 without NUL.
	Typed bool

	// Advance are the statements that let the next id of the table be greater than n.
	Advance func(table string, n int64) []string

	// Queue waits for the board's turn to write. It is about order and not about
	// safety: when no turn can be had in time the writer goes on without. It
	// fails only with the context's error.
	Queue func(context.Context) (release func(), err error)

	// Wake tells of commits, whoever made them, until the context ends; then the
	// channel is closed. Several commits may be told as one.
	Wake func(context.Context) (<-chan struct{}, error)

	// Pulse begins to tell, each time it is asked and for next to nothing, whether
	// another connection may have committed since. Nil: the database cannot.
	Pulse func(context.Context) (Pulse, error)

	// Has is the condition that a folded word occurs in a column, as
	// [kanban.Contains] says, and its one argument. It is true where that is; if
	// it may be true elsewhere too, it is not exact.
	Has func(column, word string) (cond string, arg any, exact bool)

	// Check looks for damage of the file itself and returns what it found.
	Check func(context.Context) ([]string, error)
}

// Pulse is asked whether there may be something new on the board. It holds a
// connection until it is closed, and is for one goroutine.
type Pulse struct {
	Beat  func(context.Context) (bool, error)
	Close func() error
}
