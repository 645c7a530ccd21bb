package sqlite

import (
	"context"
	"database/sql"
	"os"
	"time"

	"github.com/ncruces/go-sqlite3"

	"andon/internal/store"
)

// Examined is what can be seen of a board's file without altering it.
type Examined struct {
	Journal string // its journal mode
	Bytes   int64  // of its pages
	Schema  int    // andon's version of it; zero for a file that andon has not opened yet

	// Whole is when the whole file was last found undamaged; zero if that is not
	// known, or not of this file.
	Whole time.Time

	Newest time.Time // of what has happened on the board; zero if nothing has
}

// Examine looks at the file of a board that is there. It makes, mends and
// migrates nothing.
func Examine(ctx context.Context, path string, o store.Options) (x Examined, err error) {
	b, err := newBoard(path, o)
	if err != nil {
		return x, err
	}
	defer b.queue.Close()
	if _, err := b.preflight(); err != nil {
		return x, err
	}
	if _, err := alone(b.file, func() error { return checkHeader(b.file, b.path) }); err != nil {
		return x, err
	}
	x.Whole = b.foundWhole()
	pool, err := b.observe()
	if err != nil {
		return x, b.explain(err)
	}
	pool.SetMaxOpenConns(1)
	defer pool.Close()
	var tables int
	for _, q := range []struct {
		query string
		to    any
	}{
		{`PRAGMA journal_mode`, &x.Journal},
		{`SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`, &x.Bytes},
		{`SELECT count(*) FROM sqlite_schema WHERE name IN ('andon_meta', 'task_events')`, &tables},
	} {
		if err := pool.QueryRowContext(ctx, q.query).Scan(q.to); err != nil {
			return x, b.explain(err)
		}
	}
	if tables < 2 {
		return x, nil
	}
	var newest int64
	err = pool.QueryRowContext(ctx, `SELECT COALESCE((SELECT CAST(value AS INTEGER) FROM andon_meta WHERE key = 'schema'), 0),
		COALESCE((SELECT created_at FROM task_events ORDER BY id DESC LIMIT 1), 0)`).Scan(&x.Schema, &newest)
	if newest > 0 {
		x.Newest = time.Unix(newest, 0)
	}
	return x, b.explain(err)
}

// observe opens the file for reading. A log that is there stays as it is, and so
// does the journal of a transaction that was cut short. Where there is neither, to
// read a file that is used with a log makes one, and only who may write takes it
// away again.
func (b *board) observe() (*sql.DB, error) {
	mode := "rw"
	for _, end := range []string{"-wal", "-journal"} {
		if _, err := os.Stat(b.file + end); err == nil {
			mode = "ro"
		}
	}
	return openURI(b.file, uri(b.file, "mode="+mode), func(c *sqlite3.Conn) error {
		if mode == "ro" {
			if err := leaveLog(c); err != nil {
				return err
			}
		}
		if err := set(c, b.options.Busy); err != nil {
			return err
		}
		return c.Exec(`PRAGMA query_only = 1`)
	})
}
