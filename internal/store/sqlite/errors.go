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

// isUnfit reports that the file system lacks what the locks are made of.
func isUnfit(err error) bool {
	for _, code := range []sqlite3.ExtendedErrorCode{sqlite3.IOERR_LOCK, sqlite3.IOERR_RDLOCK, sqlite3.IOERR_UNLOCK, sqlite3.IOERR_CHECKRESERVEDLOCK,
		sqlite3.IOERR_SHMLOCK, sqlite3.IOERR_SHMMAP, sqlite3.IOERR_SHMOPEN, sqlite3.IOERR_SHMSIZE} {
		if errors.Is(err, code) {
			return true
		}
	}
	return errors.Is(err, sqlite3.PROTOCOL) || errors.Is(err, sqlite3.NOLFS)
}

// isForeign reports that a statement did not fit the schema. The statements are
// written out in this program, so it is the file that is not as it was marked.
func isForeign(err error) bool { return errors.Is(err, sqlite3.ERROR) }

// explain classifies what the driver says. An error that has a class keeps it.
func (b *board) explain(err error) error {
	if isDamage(err) || isForeign(err) || kanban.CodeOf(err) == kanban.Damaged {
		b.unstamp() // the next who opens it finds out what it is
	}
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
	case isDamage(err), isForeign(err):
		e.Code, e.Hint = kanban.Damaged, fmt.Sprintf("nothing was changed; `andon repair` examines %s", b.path)
	case isUnfit(err):
		e.Code = kanban.Denied
		e.Msg = fmt.Sprintf("%s: the file system of %s does not lock or share files as SQLite needs it", err, b.path)
		e.Hint = "it may be a network share: keep the board on a local disk, with --home or ANDON_HOME, or in a Postgres database"
	case errors.Is(err, sqlite3.FULL):
		e.Code, e.Hint = kanban.Denied, "the disk is full; nothing was changed"
	case errors.Is(err, sqlite3.READONLY), errors.Is(err, sqlite3.CANTOPEN), errors.Is(err, sqlite3.PERM), errors.Is(err, sqlite3.AUTH):
		e.Code, e.Hint = kanban.Denied, fmt.Sprintf("%s and its folder must be writable", b.path)
	default:
		return err
	}
	return e
}
