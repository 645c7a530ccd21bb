package view

import "andon/kanban"

// Exit statuses, as Hermes has them.
const (
	ExitOK      = 0
	ExitRefused = 1 // refused, not found, or it could not be done
	ExitUsage   = 2 // the words of the call are wrong
)

// codes is the one table from the class of an error to what a surface answers.
var codes = map[kanban.Code]struct{ exit int }{
	kanban.Usage:    {ExitUsage},
	kanban.Invalid:  {ExitRefused},
	kanban.NotFound: {ExitRefused},
	kanban.Conflict: {ExitRefused},
	kanban.Denied:   {ExitRefused},
	kanban.Busy:     {ExitRefused},
	kanban.Unknown:  {ExitRefused},
	kanban.Damaged:  {ExitRefused},
	kanban.Internal: {ExitRefused},
}

// Exit is the exit status for an error; nil is success.
func Exit(err error) int {
	if err == nil {
		return ExitOK
	}
	return codes[kanban.CodeOf(err)].exit
}
