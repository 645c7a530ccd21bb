package sqlite

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"andon/internal/store"
)

// Probe opens a file only to read, and only if it has the table: else it returns
// nil. It makes nothing, migrates nothing and examines nothing, whatever the file
// is.
func Probe(ctx context.Context, path, table string) (_ *store.DB, err error) {
	b, err := newBoard(path, store.Options{})
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(b.path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	opening.Lock() // another opener of this process may be alone with the file
	defer opening.Unlock()
	if b.pool, err = b.observe(); err != nil {
		return nil, err
	}
	var n int
	err = b.pool.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?`, table).Scan(&n)
	if err != nil || n == 0 {
		return nil, errors.Join(b.explain(err), b.pool.Close())
	}
	db := b.store(b.path)
	db.Deny = store.ErrProbe
	return db, nil
}
