// Package sqlite opens boards that are SQLite files: alone, together with other
// processes of andon, and beside a live Hermes.
//
// The database file, its -wal and its -shm are opened by SQLite and by nothing
// else while this process has them open. Closing a file drops, on POSIX systems,
// locks that the process holds on it; this library's locks would survive that,
// and a neighbour's would not. See [alone].
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"

	"andon/internal/fsx"
	"andon/internal/lock"
	"andon/internal/store"
	"andon/kanban"
)

const (
	defaultBusy = 120 * time.Second

	// How long a writer stands in a queue that does not move before it goes on
	// without its turn: a holder that was stopped must not stop the board.
	queueLimit = 5 * time.Second

	// The init lock as Hermes takes it.
	initPoll, initLimit = 50 * time.Millisecond, 10 * time.Second
)

// Open opens the board at path and creates it, with its folders, if it is not
// there. A file whose schema is complete and which was found whole of late is
// opened without taking any lock.
func Open(ctx context.Context, path string, o store.Options) (*store.DB, error) {
	b, err := newBoard(path, o)
	if err != nil {
		return nil, err
	}
	if err := b.open(ctx); err != nil {
		return nil, fmt.Errorf("open board: %w", b.explain(err))
	}
	return b.store(b.path), nil
}

type board struct {
	path    string // as it was named
	file    string // the same without symbolic links: beside it lie SQLite's files
	vfs     string // SQLite's way to the files; empty but in tests
	options store.Options
	pool    *sql.DB
	queue   *lock.Queue
	unqueue sync.Once // the queue cannot be had: said once

	unsettled sync.Mutex
	unchecked bool // another process examines the file just now
}

// newBoard is a board that is not open yet.
func newBoard(path string, o store.Options) (*board, error) {
	if o.Busy <= 0 {
		o.Busy = defaultBusy
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	return &board{path: path, file: resolve(path), options: o, queue: lock.NewQueue(path + ".write.lock")}, nil
}

// plain is what every SQLite file has in common, whoever has it open.
func plain() store.Dialect {
	return store.Dialect{
		Name:      "sqlite",
		Rebind:    func(q string) string { return q },
		Begin:     "BEGIN IMMEDIATE",
		BeginRead: "BEGIN",
		Has:       has,
		Commit:    "COMMIT",
		Retry:     isBusy,
		Undone:    func(error) bool { return false },
		Explain:   func(err error) error { return err },
		Advance:   advance,
	}
}

// advance writes the table of sequences, which has no key and no row for a table
// that never had one.
func advance(table string, n int64) []string {
	return []string{
		fmt.Sprintf(`INSERT INTO sqlite_sequence (name, seq) SELECT '%[1]s', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = '%[1]s')`, table),
		fmt.Sprintf(`UPDATE sqlite_sequence SET seq = max(seq, %d) WHERE name = '%s'`, n, table),
	}
}

// store is the board as the rest of the program knows it.
func (b *board) store(path string) *store.DB {
	d := plain()
	d.Explain, d.Queue, d.Wake, d.Pulse, d.Check = b.explain, b.turn, b.wake, b.pulse, b.check
	return store.New(b.pool, d, path, b.options.Busy, sync.OnceValue(b.close))
}

// opening lets one board of this process open at a time: what follows reads bytes
// of files that are not open, and two openers would be in each other's way.
var opening sync.Mutex

func (b *board) open(ctx context.Context) error {
	opening.Lock()
	defer opening.Unlock()

	fresh, err := b.preflight()
	if err != nil {
		return err
	}
	if !fresh && b.stamped(stampAge) {
		switch ok, err := b.complete(ctx); {
		case ok:
			return nil
		case isDamage(err):
			b.unstamp() // and find out what it is
		case err != nil:
			return err
		}
	}
	return b.first(ctx)
}

// complete opens the pool if the file lacks nothing.
func (b *board) complete(ctx context.Context) (bool, error) {
	if err := b.connect(); err != nil {
		return false, err
	}
	ok, err := b.look(ctx)
	if !ok {
		err = errors.Join(err, b.pool.Close())
	}
	return ok, err
}

// dial makes a pool of connections to the board's file.
func (b *board) dial(configure func(*sqlite3.Conn) error) (*sql.DB, error) {
	if b.vfs == "" {
		return open(b.file, configure)
	}
	return openURI(b.file, uri(b.file, "vfs="+b.vfs), configure)
}

func (b *board) connect() (err error) {
	if b.pool, err = b.dial(b.configure); err == nil {
		b.pool.SetMaxIdleConns(2)
	}
	return err
}

// look reports whether the file is a board that lacks nothing.
func (b *board) look(ctx context.Context) (bool, error) {
	pc, err := b.pool.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer pc.Close()
	ok, err := current(ctx, pc)
	if isDamage(err) {
		err = errors.Join(err, pc.Raw(func(c any) error { return leaveLog(c.(*conn).Raw()) }))
	}
	return ok, err
}

// preflight looks, without opening it, whether the file can be a board, and
// reports whether it is still to be made.
func (b *board) preflight() (fresh bool, err error) {
	const hint = "name a home that can be written, with --home or ANDON_HOME"
	info, err := os.Stat(b.path)
	fresh = errors.Is(err, fs.ErrNotExist)
	if err != nil && !fresh {
		return false, &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error(), Hint: hint}
	}
	if _, err := os.Stat(filepath.Dir(b.path)); fresh && errors.Is(err, fs.ErrNotExist) {
		return true, nil // its folder is still to be made, too
	}
	if err := fsx.Preflight(b.path); err != nil {
		e := &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error()}
		if fresh {
			e.Hint = hint
		}
		return false, e
	}
	if fresh {
		return true, nil
	}
	return info.Size() == 0, nil
}

// turn waits for the board's turn to write.
func (b *board) turn(ctx context.Context) (func(), error) {
	if err := b.settle(ctx); err != nil {
		return nil, err
	}
	return b.stand(ctx)
}

// stand waits in the queue of the writers, no longer than the busy time.
func (b *board) stand(ctx context.Context) (func(), error) {
	wait, cancel := context.WithTimeout(ctx, b.options.Busy)
	defer cancel()
	release, _, err := b.queue.Acquire(wait, min(b.options.Busy, queueLimit))
	if ctx.Err() != nil {
		release()
		return nil, ctx.Err()
	}
	if err != nil && wait.Err() == nil {
		b.unqueue.Do(func() { b.options.Warn(fmt.Sprintf("writing without a queue: %v", err)) })
	}
	return release, nil
}

func (b *board) close() error {
	b.queue.Close()
	return nil
}
