// Package store keeps a board in a database. The SQL is here, written once; what
// the databases disagree about is in [Dialect]; what a change of the board is,
// package kanban decides. [Tx.Apply] is the only writer of cards, runs and
// events.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"andon/kanban"
)

// DB is one open board. It is safe for use by many goroutines.
type DB struct {
	sql     *sql.DB
	dialect Dialect
	path    string
	close   func() error

	// Now is the clock. Tests may set it before the first use.
	Now func() time.Time

	// Busy bounds the wait for other writers.
	Busy time.Duration

	// Deny, if set, is what every Update is answered with: this process may look
	// and change nothing.
	Deny error
}

// ErrProbe is what an Update is answered with by a board that was opened only to
// read.
var ErrProbe = errors.New("the board was opened only to read")

// Options is how to open a board. Its zero value is the ordinary case.
type Options struct {
	Busy time.Duration // bound of each wait for other writers; zero: 120 s
	Warn func(string)  // hears of what works less well than it should; may be nil
}

// New joins an open database and what must be known of it. Its callers are the
// packages of the two databases.
func New(pool *sql.DB, d Dialect, path string, busy time.Duration, close func() error) *DB {
	return &DB{sql: pool, dialect: d, path: path, close: close, Now: time.Now, Busy: busy}
}

// Path is the file, or the address without secrets.
func (db *DB) Path() string { return db.path }

// Close gives the database back. Transactions must have ended.
func (db *DB) Close() error { return errors.Join(db.sql.Close(), db.close()) }

// Wake tells of commits by any process. See [Dialect.Wake].
func (db *DB) Wake(ctx context.Context) (<-chan struct{}, error) { return db.dialect.Wake(ctx) }

// Pulse is for those who look now and then and mostly find nothing new; who must
// know at once has [DB.Wake]. Where the database cannot tell, each beat says that
// there may be.
func (db *DB) Pulse(ctx context.Context) (Pulse, error) {
	if db.dialect.Pulse == nil {
		return Pulse{
			Beat:  func(context.Context) (bool, error) { return true, nil },
			Close: func() error { return nil },
		}, nil
	}
	p, err := db.dialect.Pulse(ctx)
	return p, db.explain(ctx, err)
}

// Tx is one transaction, together with its hour.
type Tx struct {
	conn    *sql.Conn
	rebind  func(string) string
	advance func(table string, n int64) []string
	has     func(column, word string) (cond string, arg any, exact bool)
	writes  bool // the whole board waits for its end
	wrote   bool // and it has changed something
	Now     time.Time
}

// Update runs fn as the board's only writer and commits what it did, or nothing
// of it if fn fails. fn may be run again from the start, so it touches only tx
// and its own results, and tells no one. A lost answer to the commit is
// [kanban.ErrUnknown]: read again.
//
// The transaction is begun and ended by statements because a COMMIT that was
// busy can be sent again, which [sql.Tx] does not allow.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	if db.Deny != nil {
		return db.Deny
	}
	release, err := db.dialect.Queue(ctx)
	if err != nil {
		return err
	}
	defer release()
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return db.explain(ctx, err)
	}
	defer conn.Close()

	deadline := time.Now().Add(db.Busy)
	for {
		err := db.attempt(ctx, conn, deadline, fn)
		if err == nil || !db.dialect.Retry(err) || ctx.Err() != nil || time.Now().After(deadline) {
			return db.explain(ctx, err)
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
}

func (db *DB) attempt(ctx context.Context, conn *sql.Conn, deadline time.Time, fn func(*Tx) error) error {
	// The end of a transaction is not given up half-way because the caller went
	// away: the context ends the waits before it.
	settled := context.WithoutCancel(ctx)
	committed := false
	defer func() {
		if !committed { // also when fn panics, or only the second half of Begin failed
			_, _ = conn.ExecContext(settled, "ROLLBACK") // what was said before matters more
		}
	}()
	if _, err := conn.ExecContext(ctx, db.dialect.Begin); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	tx := &Tx{conn: conn, rebind: db.dialect.Rebind, has: db.dialect.Has, advance: db.dialect.Advance, writes: true, Now: db.Now()}
	if err := fn(tx); err != nil {
		return err
	}
	commit := "COMMIT" // no one is woken for nothing: the dispatcher would wake itself
	if tx.wrote {
		commit = db.dialect.Commit
	}
	for {
		_, err := conn.ExecContext(settled, commit)
		switch {
		case err == nil:
			committed = true
			return nil
		case db.dialect.Undone(err):
			return fmt.Errorf("commit: %w", err) // nothing happened, and there is nothing left to commit
		case !db.dialect.Retry(err) || time.Now().After(deadline):
			if db.dialect.Retry(err) {
				return fmt.Errorf("commit: %w", err) // still open: rolled back, and nothing happened
			}
			return fmt.Errorf("commit: %w", errors.Join(kanban.ErrUnknown, err))
		}
		if err := pause(settled); err != nil {
			return err
		}
	}
}

// View runs fn over one unchanging state of the board. It takes no lock that a
// writer waits for.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return db.explain(ctx, err)
	}
	defer conn.Close()
	defer conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
	if _, err := conn.ExecContext(ctx, db.dialect.BeginRead); err != nil {
		return db.explain(ctx, fmt.Errorf("begin reading: %w", err))
	}
	return db.explain(ctx, fn(&Tx{conn: conn, rebind: db.dialect.Rebind, has: db.dialect.Has, Now: db.Now()}))
}

// Damage looks for damage of the file itself. No finding means it is whole.
func (db *DB) Damage(ctx context.Context) ([]string, error) {
	found, err := db.dialect.Check(ctx)
	return found, db.explain(ctx, err)
}

// explain classifies what a driver says. One that was interrupted does not know
// why: the caller went away.
func (db *DB) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	// A wait for others that the context ended looks to the database like one that
	// lasted too long.
	gone := ctx.Err()
	if gone != nil && db.dialect.Retry(err) {
		return gone
	}
	err = db.dialect.Explain(err)
	if gone != nil && kanban.CodeOf(err) == kanban.Internal && !errors.Is(err, gone) {
		return fmt.Errorf("%w: %w", gone, err)
	}
	return err
}

// pause keeps two that collided from colliding again at once (Hermes waits 20
// to 150 ms likewise).
func pause(ctx context.Context) error {
	t := time.NewTimer(20*time.Millisecond + rand.N(130*time.Millisecond))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (tx *Tx) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	tx.wrote = true
	return tx.conn.ExecContext(tx.whole(ctx), tx.rebind(query), args...)
}

func (tx *Tx) query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return tx.conn.QueryContext(tx.whole(ctx), tx.rebind(query), args...)
}

func (tx *Tx) queryRow(ctx context.Context, query string, args ...any) *sql.Row {
	return tx.conn.QueryRowContext(tx.whole(ctx), tx.rebind(query), args...)
}

// whole lets a writer's statement that has begun run to its end: it is short, and
// the context is heeded before each. To be ready to cancel a query, database/sql
// starts a goroutine, which costs as much as a small query does.
func (tx *Tx) whole(ctx context.Context) context.Context {
	if tx.writes && ctx.Err() == nil {
		return context.WithoutCancel(ctx)
	}
	return ctx
}
