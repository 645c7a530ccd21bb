// Package sqlite opens boards that are SQLite files: alone, together with other
// processes of andon, and beside a live Hermes.
//
// The database file, its -wal and its -shm are opened by SQLite and by nothing
// else while this process has them open. Closing a file drops, on POSIX systems,
// locks that the process holds on it; this library's locks would survive that,
// and a neighbour's would not.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
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

	// How long a writer stands in the queue before it goes on without its turn:
	// a holder that was stopped must not stop the board.
	queueLimit = 5 * time.Second

	// The init lock as Hermes takes it.
	initPoll, initLimit = 50 * time.Millisecond, 10 * time.Second
)

// Open opens the board at path and creates it, with its folders, if it is not
// there. A file whose schema is complete is opened without taking any lock.
func Open(ctx context.Context, path string, o store.Options) (*store.DB, error) {
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
	b := &board{path: path, options: o, queue: lock.NewQueue(path + ".write.lock")}
	if err := b.open(ctx); err != nil {
		return nil, fmt.Errorf("open board: %w", b.explain(err))
	}
	return store.New(b.pool, store.Dialect{
		Name:      "sqlite",
		Rebind:    func(q string) string { return q },
		Begin:     "BEGIN IMMEDIATE",
		BeginRead: "BEGIN",
		Commit:    "COMMIT",
		Retry:     isBusy,
		Undone:    func(error) bool { return false },
		Explain:   b.explain,
		Queue:     b.turn,
		Wake:      b.wake,
		Check:     b.check,
	}, path, o.Busy, sync.OnceValue(b.close)), nil
}

type board struct {
	path    string
	options store.Options
	pool    *sql.DB
	queue   *lock.Queue
	unqueue sync.Once // the queue cannot be had: said once
}

func (b *board) open(ctx context.Context) error {
	openFiles.Lock()
	defer openFiles.Unlock()

	fresh, err := b.preflight()
	if err != nil {
		return err
	}
	if b.pool, err = open(b.dsn(), b.configure); err != nil {
		return err
	}
	b.pool.SetMaxIdleConns(2)
	if !fresh {
		ok, err := b.look(ctx)
		if ok {
			openFiles.live[b.path]++
			return nil
		}
		if err != nil && !errors.Is(err, sqlite3.NOTADB) {
			return errors.Join(err, b.pool.Close())
		}
	}
	// No connection may be open while the header is read.
	if err := b.pool.Close(); err != nil {
		return err
	}
	if err := b.first(ctx); err != nil {
		return err
	}
	openFiles.live[b.path]++
	return nil
}

// first is the first open of a file: one process at a time, as far as that can
// be had, sees to the header, the journal mode and the schema.
func (b *board) first(ctx context.Context) (err error) {
	if err := os.MkdirAll(filepath.Dir(b.path), 0o755); err != nil {
		return &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error(),
			Hint: "name a folder that can be written, with --home or ANDON_HOME"}
	}
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
	if !fresh && openFiles.live[b.path] == 0 {
		if err := checkHeader(b.path); err != nil {
			return err
		}
	}
	if b.pool, err = open(b.dsn(), b.configure); err != nil {
		return err
	}
	b.pool.SetMaxIdleConns(2)
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
	if fresh {
		// A file that was there keeps the mode it has: its other users chose it.
		var mode string
		if err := conn.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode); err != nil {
			return fmt.Errorf("turn on the write-ahead log: %w", err)
		}
		if mode != "wal" {
			b.options.Warn(fmt.Sprintf("%s cannot have a write-ahead log (mode %s): readers will wait for writers", b.path, mode))
		}
	}
	return migrate(ctx, conn)
}

// firstTurn waits for the lock of first opening. Whoever holds it makes the file
// whole; once that is done, ready is true and the pool open: to have each of many
// take its turn only to find nothing to do would cost a poll for every one.
func (b *board) firstTurn(ctx context.Context) (guard *lock.File, held, ready bool, err error) {
	for begun := time.Now(); time.Since(begun) < initLimit; {
		if guard, held, err = lock.Poll(ctx, b.path+".init.lock", initPoll, initPoll); held || err != nil {
			return guard, held, false, err
		}
		if b.whole(ctx) {
			return nil, false, true, nil
		}
	}
	return nil, false, false, nil
}

// whole opens the pool if the file lacks nothing. What is wrong with a file that
// another process may be about to make, that one will find out.
func (b *board) whole(ctx context.Context) bool {
	if fresh, err := b.preflight(); fresh || err != nil {
		return false
	}
	var err error
	if b.pool, err = open(b.dsn(), b.configure); err != nil {
		return false
	}
	b.pool.SetMaxIdleConns(2)
	if ok, err := b.look(ctx); ok && err == nil {
		return true
	}
	b.pool.Close()
	return false
}

// look reports whether the file is a board that lacks nothing.
func (b *board) look(ctx context.Context) (bool, error) {
	conn, err := b.pool.Conn(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	return current(ctx, conn)
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

// dsn names the file as a URI, for a path may hold a question mark.
func (b *board) dsn() string {
	p := filepath.ToSlash(b.path)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // a Windows drive
	}
	return (&url.URL{Scheme: "file", Path: p, OmitHost: true}).String()
}

// configure sets what belongs to a connection and not to the file (kernel.md
// 2.6). The busy time-out comes first: the others may have to wait.
func (b *board) configure(c *sqlite3.Conn) error {
	if err := c.BusyTimeout(b.options.Busy); err != nil {
		return err
	}
	return c.Exec(pragmas)
}

var pragmas = func() string {
	p := `PRAGMA synchronous = FULL;
		PRAGMA wal_autocheckpoint = 100;
		PRAGMA foreign_keys = ON;
		PRAGMA secure_delete = ON;
		PRAGMA cell_size_check = ON;`
	if runtime.GOOS == "darwin" {
		p += `PRAGMA checkpoint_fullfsync = ON;`
	}
	return p
}()

// turn waits for the board's turn to write.
func (b *board) turn(ctx context.Context) (func(), error) {
	release, _, err := b.queue.Acquire(ctx, min(b.options.Busy, queueLimit))
	if ctx.Err() != nil {
		release()
		return nil, ctx.Err()
	}
	if err != nil {
		b.unqueue.Do(func() { b.options.Warn(fmt.Sprintf("writing without a queue: %v", err)) })
	}
	return release, nil
}

// check asks SQLite for damage.
func (b *board) check(ctx context.Context) ([]string, error) {
	rows, err := b.pool.QueryContext(ctx, `PRAGMA integrity_check`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		if !strings.EqualFold(line, "ok") {
			found = append(found, line)
		}
	}
	return found, rows.Err()
}

func (b *board) close() error {
	openFiles.Lock()
	defer openFiles.Unlock()
	if openFiles.live[b.path]--; openFiles.live[b.path] == 0 {
		delete(openFiles.live, b.path)
	}
	b.queue.Close()
	return nil
}

// openFiles counts the open boards of this process by path. Whoever would read
// a file otherwise than through SQLite must hold it and find no board there.
var openFiles = struct {
	sync.Mutex
	live map[string]int
}{live: map[string]int{}}
