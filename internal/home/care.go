package home

import (
	"context"

	"andon/internal/store"
	"andon/internal/store/sqlite"
)

// What is done with a board's file as a whole.
type (
	Repaired = sqlite.Repaired
	Copied   = sqlite.Copied
	Restored = sqlite.Restored
)

// Repair examines the file, and writes damaged indexes anew. See [sqlite.Repair].
func (b Board) Repair(ctx context.Context, wal bool, o store.Options) (Repaired, error) {
	return sqlite.Repair(ctx, b.DB, wal, o)
}

// Backup copies the board to a file while it is in use. See [sqlite.Backup].
func (b Board) Backup(ctx context.Context, file string, force bool, progress func(done, of int), o store.Options) (Copied, error) {
	return sqlite.Backup(ctx, b.DB, file, force, progress, o)
}

// Restore replaces the board's content by that of a file. See [sqlite.Restore].
func (b Board) Restore(ctx context.Context, file string, o store.Options) (Restored, error) {
	return sqlite.Restore(ctx, b.DB, file, o)
}
