package home

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"andon/internal/store"
	"andon/internal/store/postgres"
	"andon/internal/store/sqlite"
)

// Open opens the board's database. A file is created, with its folders, if it is
// not there; of a server's boards the default one alone: another that is not there
// was never made, or its name has a slip in it. It is the one place that knows
// which kind of database a board has.
func (b Board) Open(ctx context.Context, o store.Options) (*store.DB, error) {
	if !b.remote() {
		return sqlite.Open(ctx, b.DB, o)
	}
	// What lies beside a file lies in the board's folder. Reading does without.
	_ = os.MkdirAll(b.Dir, 0o755)
	if b.Slug == Default {
		return postgres.Open(ctx, b.DB, string(b.Slug), o)
	}
	return postgres.OpenExisting(ctx, b.DB, string(b.Slug), o)
}

// ErrAbsent is the error for a database that holds no board yet.
var ErrAbsent = errors.New("no board")

// Look fails with [ErrAbsent] where there is no board yet. It makes none.
func (b Board) Look(ctx context.Context) error {
	if b.remote() {
		there, err := postgres.Exists(ctx, b.DB, string(b.Slug))
		if err == nil && !there {
			err = fmt.Errorf("%w at %s", ErrAbsent, b.Address())
		}
		return err
	}
	info, err := os.Stat(b.DB)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w at %s", ErrAbsent, b.DB)
	case err == nil && info.Size() == 0:
		return fmt.Errorf("%s is empty: it holds %w", b.DB, ErrAbsent)
	}
	return err
}

// Mark is the board's file as it is now, by which [Board.Stays] knows it again. It is
// nil where there is none, and on a server.
func (b Board) Mark() fs.FileInfo {
	if b.remote() {
		return nil
	}
	info, err := os.Stat(b.DB)
	if err != nil {
		return nil
	}
	return info
}

// Stays reports whether the board's file is the one of the mark still. It may be
// removed under who has it open, and another made in its place: who goes on with the
// old one serves a board that nobody else sees.
func (b Board) Stays(mark fs.FileInfo) bool {
	if mark == nil {
		return true
	}
	info, err := os.Stat(b.DB)
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist) // one that cannot be looked at is no other
	}
	return os.SameFile(mark, info)
}

// CountSubs counts the board's subscriptions without writing anything, not even a
// board: where there is none, or one of a time before subscriptions, it is zero.
func (b Board) CountSubs(ctx context.Context, c store.SubCount) (n int, err error) {
	const table = "kanban_notify_subs"
	var db *store.DB
	if b.remote() {
		db, err = postgres.Probe(ctx, b.DB, string(b.Slug), table)
	} else {
		db, err = sqlite.Probe(ctx, b.DB, table)
	}
	if db == nil || err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.View(ctx, func(tx *store.Tx) error {
		n, err = tx.CountSubs(ctx, c)
		return err
	})
	return n, err
}

// Address names the board's database for people, logs and marks: the file, or
// the address without its password and with the board behind "#".
func (b Board) Address() string {
	if !b.remote() {
		return b.DB
	}
	address, err := postgres.Address(b.DB, string(b.Slug))
	if err != nil {
		return "postgres://?#" + string(b.Slug) // opening it tells what is wrong
	}
	return address
}

// Sidecar is a file on this host that belongs to the board's database: beside
// the file, or in the board's folder by a name that no other database has there.
func (b Board) Sidecar(suffix string) string {
	if !b.remote() {
		return b.DB + suffix
	}
	hash := sha256.Sum256([]byte(b.Address()))
	return filepath.Join(b.Dir, "postgres-"+hex.EncodeToString(hash[:8])+suffix)
}

// OnServer reports whether the board is kept on a database server, so that
// processes of other hosts may work on it.
func (b Board) OnServer() bool { return b.remote() }

func (b Board) remote() bool { return postgres.IsAddress(b.DB) }

// SQLite is the version of the SQLite library in this program.
func SQLite() (string, error) { return sqlite.Version() }
