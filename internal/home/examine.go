package home

import (
	"context"
	"time"

	"andon/internal/store"
	"andon/internal/store/postgres"
	"andon/internal/store/sqlite"
)

// Examined is what can be seen of a board's database without altering it.
type Examined struct {
	Engine  string // the database and its version
	Journal string // the journal mode of a file
	Bytes   int64
	Whole   time.Time // when a file was last found undamaged; zero if that is not known
	Newest  time.Time // of what has happened on the board
	Clock   time.Time // the server's
}

// Examine looks at a board that is there.
func (b Board) Examine(ctx context.Context, o store.Options) (x Examined, err error) {
	if b.remote() {
		p, err := postgres.Examine(ctx, b.DB, string(b.Slug))
		return Examined{Engine: "PostgreSQL " + p.Version, Bytes: p.Bytes, Newest: p.Newest, Clock: p.Clock}, err
	}
	version, err := SQLite()
	if err != nil {
		return x, err
	}
	s, err := sqlite.Examine(ctx, b.DB, o)
	return Examined{Engine: "SQLite " + version, Journal: s.Journal, Bytes: s.Bytes, Whole: s.Whole, Newest: s.Newest}, err
}
