package home

import (
	"context"

	"andon/internal/store"
	"andon/internal/store/sqlite"
)

// Open opens the board's database and creates it, with its folders, if it is
// not there. It is the one place that knows which kind of database a board has.
func (b Board) Open(ctx context.Context, o store.Options) (*store.DB, error) {
	return sqlite.Open(ctx, b.DB, o)
}

// SQLite is the version of the SQLite library in this program.
func SQLite() (string, error) { return sqlite.Version() }
