package sqlite

import (
	"context"
	sqldriver "database/sql/driver"
	"fmt"
	"os"

	"github.com/ncruces/go-sqlite3"

	"andon/kanban"
)

// Without a write-ahead log a commit writes to the file itself. If the file is
// shorter afterwards than its own page count says, a neighbour cut it off, or the
// file system lied. The commit has happened; the check is a tripwire, and asks by
// pragma and stat, for opening the file could cost the locks.

// commit is a COMMIT that looks at the file's length when it is through.
type commit struct{ *stmt }

func (c commit) ExecContext(ctx context.Context, args []sqldriver.NamedValue) (sqldriver.Result, error) {
	r, err := c.stmt.ExecContext(ctx, args)
	if err == nil {
		err = c.conn.checkLength()
	}
	return r, err
}

// sizeOf is a variable for the tests.
var sizeOf = func(file string) (int64, error) {
	info, err := os.Stat(file)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (c *conn) checkLength() error {
	if c.logged {
		return nil
	}
	raw := c.Raw()
	mode, err := pragmaText(raw, "journal_mode")
	if err != nil || mode == "" {
		return nil // not known: not judged
	}
	if c.logged = mode == "wal"; c.logged { // a board never goes back
		return nil
	}
	pages, err1 := pragmaInt(raw, "page_count")
	size, err2 := pragmaInt(raw, "page_size")
	got, err3 := sizeOf(c.file)
	if err1 != nil || err2 != nil || err3 != nil || got >= pages*size {
		return nil
	}
	return &kanban.Error{Code: kanban.Damaged,
		Msg:  fmt.Sprintf("after a commit %s has %d bytes, and its %d pages need %d: it was torn while it grew", c.file, got, pages, pages*size),
		Hint: "the change was made; stop all programs that use the board, and run `andon repair`"}
}

func pragmaText(c *sqlite3.Conn, name string) (text string, err error) {
	s, _, err := c.Prepare(`PRAGMA ` + name)
	if err != nil {
		return "", err
	}
	defer s.Close()
	if s.Step() {
		text = s.ColumnText(0)
	}
	return text, s.Err()
}

func pragmaInt(c *sqlite3.Conn, name string) (n int64, err error) {
	s, _, err := c.Prepare(`PRAGMA ` + name)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	if s.Step() {
		n = s.ColumnInt64(0)
	}
	return n, s.Err()
}
