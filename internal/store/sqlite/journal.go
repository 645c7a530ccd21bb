package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/ncruces/go-sqlite3"

	"andon/internal/lock"
	"andon/kanban"
)

// journal sees to the journal mode of a file at its first opening by andon. A new
// file gets a write-ahead log. One that was there keeps the mode it has, for its
// other users chose it; and a mode that is set already is not set again.
func (b *board) journal(ctx context.Context, conn *sql.Conn, fresh bool) error {
	var mode string
	if err := conn.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode); err != nil {
		return err
	}
	switch {
	case mode == "wal":
	case !fresh:
		b.options.Warn(fmt.Sprintf("%s has no write-ahead log, so readers and writers wait for each other; `andon repair --wal` gives it one", b.path))
	default:
		if err := conn.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode); err != nil {
			return fmt.Errorf("turn on the write-ahead log: %w", err)
		}
		if mode != "wal" {
			b.options.Warn(fmt.Sprintf("%s cannot have a write-ahead log on this file system (mode %s), so readers and writers wait for each other; a local disk is better", b.path, mode))
		}
	}
	if note := neighbours(runtime.GOOS); note != "" && !fresh {
		b.options.Warn(b.path + ": " + note)
	}
	return nil
}

// neighbours says what other programs mean to a board on this system.
func neighbours(system string) string {
	switch system {
	case "freebsd", "openbsd", "netbsd", "dragonfly":
		return "on this system a board is andon's alone: other SQLite programs do not see its locks, and must not open the file while andon does"
	}
	return ""
}

// atOnce is how long to wait for a file that nobody may hold.
const atOnce = 200 * time.Millisecond

// toWAL gives a file that has none its write-ahead log. Nobody may hold the file.
func (b *board) toWAL(ctx context.Context) error {
	for _, end := range []string{".write.lock", ".dispatch.lock"} {
		guard, held, err := lock.Try(b.path + end)
		if err == nil && !held {
			return b.inUse("another process is working on it")
		}
		if held {
			defer guard.Unlock()
		}
	}
	if who := holders(b.file); who != "" {
		return b.inUse(who)
	}
	pool, err := b.dial(func(c *sqlite3.Conn) error { return set(c, atOnce) })
	if err != nil {
		return err
	}
	pool.SetMaxOpenConns(1)
	var mode string
	err = pool.QueryRowContext(ctx, `PRAGMA journal_mode`).Scan(&mode)
	if err == nil && mode != "wal" {
		err = pool.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode)
	}
	err = errors.Join(err, pool.Close())
	switch {
	case isBusy(err):
		return b.inUse("another process holds it")
	case err == nil && mode != "wal":
		return &kanban.Error{Code: kanban.Denied, Msg: fmt.Sprintf("%s stays in mode %s: its file system cannot have a write-ahead log", b.path, mode),
			Hint: "keep the board on a local disk"}
	}
	return err
}

func (b *board) inUse(why string) error {
	return &kanban.Error{Code: kanban.Busy, Msg: fmt.Sprintf("%s is in use: %s", b.path, why),
		Hint: "stop `andon run`, its workers and every program that has the board open, and try again"}
}
