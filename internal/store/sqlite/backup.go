package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"

	"andon/internal/fsx"
	"andon/internal/store"
	"andon/kanban"
)

// Copied is a copy of a board that was examined after it was written.
type Copied struct {
	Pages    int
	Bytes    int64
	Findings []string // what contradicts itself on the board, and so in the copy
}

// Backup writes the state that the board has now to a new file, while others go
// on: with a write-ahead log nobody waits for it, without one writers do. The
// file gets its name when it has been found whole. With force it may replace one.
func Backup(ctx context.Context, path, to string, force bool, progress func(done, of int), o store.Options) (c Copied, err error) {
	b, err := newBoard(path, o)
	if err != nil {
		return c, err
	}
	if to, err = b.target(to, force); err != nil {
		return c, err
	}
	if err := b.open(ctx); err != nil {
		return c, fmt.Errorf("open board: %w", b.explain(err))
	}
	defer func() { err = errors.Join(err, b.pool.Close(), b.close()) }()
	part := partial(to)
	defer discard(part)
	if err := b.copyTo(ctx, part, progress); err != nil {
		return c, fmt.Errorf("back up %s: %w", b.path, b.explain(err))
	}
	if c, err = judge(ctx, part, b.options); err != nil {
		return c, fmt.Errorf("examine the backup: %w", b.explain(err)) // the board is damaged, if its copy is
	}
	if !force {
		// Somebody may have made the file meanwhile.
		if to, err = b.target(to, false); err != nil {
			return c, err
		}
	}
	return c, fsx.Rename(part, to)
}

// target refuses a file that a backup may not replace.
func (b *board) target(to string, force bool) (string, error) {
	to, err := filepath.Abs(to)
	if err != nil {
		return "", err
	}
	to = resolve(to)
	info, err := os.Stat(to)
	refuse := func(msg, hint string) (string, error) {
		return "", &kanban.Error{Code: kanban.Denied, Msg: to + " " + msg, Hint: hint}
	}
	switch {
	case to == b.file:
		return refuse("is the board itself", "name another file")
	case err == nil && !info.Mode().IsRegular():
		return refuse("is no file", "name a file")
	case err == nil && !force:
		return refuse("is there already", "name another file, or give --force")
	case err != nil && !os.IsNotExist(err):
		return "", &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error()}
	}
	for _, end := range []string{"-wal", "-journal"} {
		if info, err := os.Stat(to + end); err == nil && info.Size() > 0 {
			return refuse(fmt.Sprintf("has a journal beside it (%s), which would be taken for the backup's", filepath.Base(to+end)), "name another file")
		}
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return "", &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error()}
	}
	return to, nil
}

// partial is the name that a file has while it is written.
func partial(file string) string {
	return filepath.Join(filepath.Dir(file), fmt.Sprintf(".%s.%08x.part", filepath.Base(file), rand.Uint32()))
}

func discard(part string) {
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		os.Remove(part + end)
	}
}

// stepPages are copied at once: 1 MB of most files.
const stepPages = 256

// copyTo writes one unchanging state of the board to a file.
func (b *board) copyTo(ctx context.Context, to string, progress func(done, of int)) error {
	pc, err := b.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer pc.Close()
	return pc.Raw(func(c any) error { return copyPages(ctx, c.(*conn).Raw(), to, progress) })
}

// copyPages copies what c sees to a file. A read transaction around it holds the
// state still; without one each commit of another process would begin the copy
// anew, and beside busy writers it would never end.
func copyPages(ctx context.Context, c *sqlite3.Conn, to string, progress func(done, of int)) (err error) {
	old := c.SetInterrupt(ctx)
	defer c.SetInterrupt(old)
	if c.GetAutocommit() {
		if err := c.Exec(`BEGIN; SELECT count(*) FROM sqlite_schema`); err != nil {
			return err
		}
		defer c.Exec(`ROLLBACK`) // nothing was written
	}
	copying, err := c.BackupInit("main", uri(to, ""))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, copying.Close()) }()
	for done := false; !done; {
		if err := ctx.Err(); err != nil {
			return err
		}
		if done, err = copying.Step(stepPages); err != nil {
			return err
		}
		if progress != nil {
			progress(copying.PageCount()-copying.Remaining(), copying.PageCount())
		}
	}
	return nil
}

// judge examines a copy that nobody else has. Damage is an error.
func judge(ctx context.Context, file string, o store.Options) (c Copied, err error) {
	pool, err := open(file, func(c *sqlite3.Conn) error { return set(c, o.Busy) })
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	lines, err := integrity(ctx, pool)
	if isDamage(err) || err == nil && !healthy(lines) {
		if err != nil {
			lines = []string{err.Error()}
		}
		return c, &kanban.Error{Code: kanban.Damaged, Err: err, Msg: "it is not whole: " + reason(lines), Hint: "`andon repair` examines the file that it was copied from"}
	}
	if err != nil {
		return c, err
	}
	db := store.New(pool, plain(), file, o.Busy, func() error { return nil })
	if c.Findings, err = db.Contradictions(ctx); err != nil {
		return c, err
	}
	if err := pool.QueryRowContext(ctx, `PRAGMA page_count`).Scan(&c.Pages); err != nil {
		return c, err
	}
	info, err := os.Stat(file)
	if err == nil {
		c.Bytes = info.Size()
	}
	return c, err
}
