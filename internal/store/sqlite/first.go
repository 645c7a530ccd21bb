package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"andon/internal/lock"
	"andon/kanban"
)

// first is the first open of a file: one process at a time, as far as that can
// be had, sees to the header, the bytes, the journal mode and the schema.
func (b *board) first(ctx context.Context) (err error) {
	if err := os.MkdirAll(filepath.Dir(b.path), 0o755); err != nil {
		return &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error(),
			Hint: "name a folder that can be written, with --home or ANDON_HOME"}
	}
	b.file = resolve(b.path)
	guard, held, ready, err := b.firstTurn(ctx)
	switch {
	case ready:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		b.options.Warn(fmt.Sprintf("going on without the lock for first opening: %v", err))
	case !held:
		b.options.Warn(fmt.Sprintf("going on without %s.init.lock, which another process has held for %s", b.path, initLimit))
	default:
		defer func() { err = errors.Join(err, guard.Unlock()) }()
	}
	fresh, err := b.preflight() // again: a neighbour may have made the file meanwhile
	if err != nil {
		return err
	}
	if !fresh && !b.stamped(stampAge) {
		if err := b.trust(ctx); err != nil {
			return err
		}
	}
	if err := b.connect(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.pool.Close())
		}
	}()
	if ok, err := b.look(ctx); ok || err != nil {
		return err
	}
	conn, err := b.pool.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := b.foreign(ctx, conn); err != nil {
		return err
	}
	if err := b.journal(ctx, conn, fresh); err != nil {
		return err
	}
	if err := b.migrate(ctx, conn); err != nil {
		return err
	}
	if fresh {
		b.stamp() // it was made here, just now
	}
	return nil
}

// foreign refuses a database that is another program's, which a slip in a path may
// name: it has tables, and none of a board's. Nothing is added to it.
func (b *board) foreign(ctx context.Context, conn *sql.Conn) error {
	var tables, cards int
	if err := conn.QueryRowContext(ctx, `SELECT count(*), count(CASE WHEN name = 'tasks' THEN 1 END) FROM sqlite_schema
		WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'`).Scan(&tables, &cards); err != nil {
		return err
	}
	if tables > 0 && cards == 0 {
		return &kanban.Error{Code: kanban.Invalid, Msg: fmt.Sprintf("%s is a database and no board", b.path), Hint: "name another with --db or --home; a new file becomes a board"}
	}
	return nil
}

// firstTurn waits for the lock of first opening. Whoever holds it makes the file
// whole; once that is done, ready is true and the pool open: to have each of many
// take its turn only to find nothing to do would cost a poll for every one.
//
// The holder may also be examining a file that lacks nothing. To read it there is
// no need to wait for that, and who writes waits later; see settle.
func (b *board) firstTurn(ctx context.Context) (guard *lock.File, held, ready bool, err error) {
	limit := time.Duration(0) // one attempt, and then a look
	var seen []os.FileInfo
	for begun := time.Now(); time.Since(begun) < initLimit; limit = initPoll {
		if guard, held, err = lock.Poll(ctx, b.path+".init.lock", initPoll, limit); held || err != nil {
			return guard, held, false, err
		}
		if fresh, err := b.preflight(); fresh || err != nil {
			continue // the holder is making it, or will find out what is wrong with it
		}
		// Two hundred that open the file at every poll keep the holder from its work.
		was := seen
		if seen = b.files(); slices.EqualFunc(was, seen, same) {
			continue
		}
		if ok, err := b.complete(ctx); ok && err == nil {
			b.unchecked = !b.stamped(stampAge)
			return nil, false, true, nil
		}
	}
	return nil, false, false, nil
}

// files looks at the database and its logs without opening them.
func (b *board) files() []os.FileInfo {
	var all []os.FileInfo
	for _, end := range []string{"", "-wal", "-journal"} {
		info, err := os.Stat(b.file + end)
		if err != nil {
			info = nil
		}
		all = append(all, info)
	}
	return all
}

// same reports that nobody has written between two looks at a file.
func same(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// migrate brings the file up to date in the queue of the writers: those who went
// on without the lock of first opening find there that another has done it.
func (b *board) migrate(ctx context.Context, conn *sql.Conn) error {
	release, err := b.stand(ctx)
	if err != nil {
		return err
	}
	defer release()
	if ok, err := current(ctx, conn); ok || err != nil {
		return err
	}
	return migrate(ctx, conn)
}
