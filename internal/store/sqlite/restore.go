package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/ncruces/go-sqlite3"

	"andon/internal/fsx"
	"andon/internal/lock"
	"andon/internal/store"
	"andon/kanban"
)

// Restored is what became of a board that got another content.
type Restored struct {
	Kept     string   // where the former content is; empty if there was none
	Findings []string // what contradicts itself on the restored board
}

// Restore gives the board at path the content of another file, which it examines
// first and does not alter. It refuses while anybody else has the board open, and
// keeps what it replaces.
func Restore(ctx context.Context, path, from string, o store.Options) (r Restored, err error) {
	b, err := newBoard(path, o)
	if err != nil {
		return r, err
	}
	defer b.queue.Close()
	opening.Lock()
	defer opening.Unlock()
	if err := os.MkdirAll(filepath.Dir(b.path), 0o755); err != nil {
		return r, &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error()}
	}
	if _, err := b.preflight(); err != nil {
		return r, err
	}
	if from, err = filepath.Abs(from); err != nil {
		return r, err
	}
	if from = resolve(from); from == b.file {
		return r, &kanban.Error{Code: kanban.Denied, Msg: from + " is the board itself", Hint: "name a backup of it"}
	}
	part := partial(b.file)
	defer discard(part)
	if r.Findings, err = b.fetch(ctx, from, part); err != nil {
		return r, err
	}
	release, err := b.seclude(ctx)
	defer release()
	if err != nil {
		return r, err
	}
	b.unstamp()
	kept := b.file + ".replaced." + time.Now().UTC().Format("20060102T150405.000")
	err = b.refill(ctx, part, kept)
	if isDamage(err) || errors.Is(err, errNoFile) {
		os.Remove(kept) // half of what could not be read through
		err = b.exchange(part, kept)
	}
	if err != nil {
		return r, fmt.Errorf("restore %s: %w", b.path, b.explain(err))
	}
	if _, err := os.Stat(kept); err == nil {
		r.Kept = kept
	}
	b.stamp() // it was examined before
	return r, nil
}

// fetch copies a file to part and makes it a whole board of the present schema.
func (b *board) fetch(ctx context.Context, from, part string) (findings []string, err error) {
	info, err := os.Stat(from)
	if err == nil && (!info.Mode().IsRegular() || info.Size() == 0) {
		err = fmt.Errorf("%s is empty, or no file", from)
	}
	if err != nil {
		return nil, &kanban.Error{Code: kanban.NotFound, Err: err, Msg: err.Error(), Hint: "name a file that `andon backup` wrote"}
	}
	if _, err := alone(from, func() error { return checkHeader(from, from) }); err != nil {
		return nil, err
	}
	source := &board{path: from, file: from, options: b.options}
	if err := source.connect(); err != nil {
		return nil, err
	}
	err = source.copyTo(ctx, part, nil)
	if err = errors.Join(err, source.pool.Close()); err != nil {
		return nil, fmt.Errorf("read %s: %w", from, b.plain(err))
	}
	if err := b.adopt(ctx, part); err != nil {
		return nil, fmt.Errorf("%s: %w", from, b.plain(err))
	}
	c, err := judge(ctx, part, b.options)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	return c.Findings, nil
}

// plain classifies an error that is not about the board.
func (b *board) plain(err error) error {
	if isDamage(err) {
		return &kanban.Error{Code: kanban.Damaged, Err: err, Msg: "it is not whole: " + err.Error(), Hint: "name another backup"}
	}
	return err
}

// adopt brings a copy that nobody else has to the present schema.
func (b *board) adopt(ctx context.Context, part string) (err error) {
	pool, err := open(part, b.configure)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	lines, err := integrity(ctx, pool)
	if err == nil && !healthy(lines) {
		err = &kanban.Error{Code: kanban.Damaged, Msg: "it is not whole: " + reason(lines), Hint: "name another backup"}
	}
	if err != nil {
		return err
	}
	var tables int
	if err := pool.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name IN ('tasks', 'task_events')`).Scan(&tables); err != nil {
		return err
	}
	if tables < 2 {
		return &kanban.Error{Code: kanban.Invalid, Msg: "it is a database and no board", Hint: "name a file that `andon backup` wrote"}
	}
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if ok, err := current(ctx, conn); ok || err != nil {
		return err
	}
	return migrate(ctx, conn)
}

// seclude takes every lock that others take before they touch the board, and
// refuses if one of them has.
func (b *board) seclude(ctx context.Context) (release func(), err error) {
	var held []*lock.File
	release = func() {
		for _, l := range held {
			_ = l.Unlock() // the process ends soon
		}
	}
	for _, end := range []string{".dispatch.lock", ".init.lock", ".write.lock"} {
		// A short wait: others hold these for moments.
		l, ok, err := lock.Poll(ctx, b.path+end, initPoll, 10*initPoll)
		switch {
		case ctx.Err() != nil:
			return release, ctx.Err()
		case err != nil:
			return release, &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error()}
		case !ok:
			return release, b.inUse("another process is working on it")
		}
		held = append(held, l)
	}
	if who := holders(b.file); who != "" {
		return release, b.inUse(who)
	}
	return release, nil
}

var errNoFile = errors.New("there is no file")

// refill writes the pages of part into the board's file, in one transaction, after
// it has copied the former ones to kept. Whoever has the file open in spite of all
// locks sees a commit like any other: it is the same file, with the same log.
func (b *board) refill(ctx context.Context, part, kept string) (err error) {
	if info, err := os.Stat(b.file); err != nil || info.Size() == 0 {
		return errNoFile
	}
	pool, err := b.dial(func(c *sqlite3.Conn) error {
		// The mode before the file is first read: then nobody else may have it open,
		// not even to do nothing.
		return errors.Join(leaveLog(c), c.Exec(`PRAGMA locking_mode = EXCLUSIVE`), set(c, atOnce))
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	pc, err := pool.Conn(ctx)
	if isBusy(err) {
		return b.inUse("another process has it open")
	}
	if err != nil {
		return err
	}
	defer pc.Close()
	return pc.Raw(func(dc any) error {
		c := dc.(*conn).Raw()
		if err := c.Exec(`BEGIN EXCLUSIVE`); err != nil {
			if isBusy(err) {
				return b.inUse("another process has it open")
			}
			return err
		}
		if err := c.Exec(`ROLLBACK`); err != nil { // the lock stays, in this mode
			return err
		}
		if err := copyPages(ctx, c, kept, nil); err != nil {
			return err
		}
		size, err := pragmaInt(c, "page_size")
		if err == nil {
			err = fit(ctx, part, size)
		}
		if err != nil {
			return err
		}
		if err := c.Restore("main", uri(part, "")); err != nil {
			return err
		}
		return c.Exec(`PRAGMA wal_checkpoint(TRUNCATE)`)
	})
}

// fit gives the copy pages of this size: a file that has a log keeps those it has.
func fit(ctx context.Context, part string, size int64) (err error) {
	pool, err := open(part, func(c *sqlite3.Conn) error { return set(c, atOnce) })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	pc, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer pc.Close()
	return pc.Raw(func(dc any) error {
		c := dc.(*conn).Raw()
		have, err := pragmaInt(c, "page_size")
		if err != nil || have == size {
			return err
		}
		return c.Exec(fmt.Sprintf(`PRAGMA journal_mode = DELETE; PRAGMA page_size = %d; VACUUM`, size))
	})
}

// exchange puts part in the place of a file that cannot be opened, or is not
// there, and what lay there, sidecars included, where kept says.
func (b *board) exchange(part, kept string) error {
	free, err := alone(b.file, func() error {
		for _, end := range []string{"-wal", "-shm", "-journal"} {
			if err := os.Rename(b.file+end, kept+end); err != nil && !os.IsNotExist(err) {
				return err
			}
		}
		// A second name first, so that there is a board at every moment.
		if err := os.Link(b.file, kept); err != nil && !os.IsNotExist(err) {
			if err := os.Rename(b.file, kept); err != nil {
				return err
			}
		}
		return fsx.Rename(part, b.file)
	})
	if err == nil && !free {
		err = b.inUse("this process has it open")
	}
	return err
}
