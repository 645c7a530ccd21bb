package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"

	"andon/kanban"
)

// isBusy reports that a statement did nothing because others hold the file.
func isBusy(err error) bool {
	return errors.Is(err, sqlite3.BUSY) || errors.Is(err, sqlite3.LOCKED)
}

// explain classifies what the driver says. An error that has a class keeps it.
func (b *board) explain(err error) error {
	if err == nil || kanban.CodeOf(err) != kanban.Internal || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := &kanban.Error{Err: err, Msg: err.Error()}
	switch {
	case errors.Is(err, kanban.ErrUnknown):
		e.Code, e.Hint = kanban.Unknown, "read the card again before repeating"
	case isBusy(err):
		e.Code = kanban.Busy
		e.Msg = fmt.Sprintf("%s: others held the board for longer than %s", err, b.options.Busy)
		e.Hint = "nothing was changed; try again, or raise ANDON_BUSY_TIMEOUT_MS"
	case errors.Is(err, sqlite3.NOTADB), errors.Is(err, sqlite3.CORRUPT):
		e.Code, e.Hint = kanban.Damaged, fmt.Sprintf("nothing was changed; `andon check` examines %s", b.path)
	case errors.Is(err, sqlite3.FULL):
		e.Code, e.Hint = kanban.Denied, "the disk is full; nothing was changed"
	case errors.Is(err, sqlite3.READONLY), errors.Is(err, sqlite3.CANTOPEN), errors.Is(err, sqlite3.PERM), errors.Is(err, sqlite3.AUTH):
		e.Code, e.Hint = kanban.Denied, fmt.Sprintf("%s and its folder must be writable", b.path)
	default:
		return err
	}
	return e
}
