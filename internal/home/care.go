package home

import (
	"context"
	"fmt"

	"andon/internal/store"
	"andon/internal/store/sqlite"
	"andon/kanban"
)

// What is done with a board's file as a whole.
type (
	Repaired = sqlite.Repaired
	Copied   = sqlite.Copied
	Restored = sqlite.Restored
)

// Repair examines the file, and writes damaged indexes anew. See [sqlite.Repair].
func (b Board) Repair(ctx context.Context, wal bool, o store.Options) (Repaired, error) {
	if err := b.onFile("repair"); err != nil {
		return Repaired{}, err
	}
	return sqlite.Repair(ctx, b.DB, wal, o)
}

// Backup copies the board to a file while it is in use. See [sqlite.Backup].
func (b Board) Backup(ctx context.Context, file string, force bool, progress func(done, of int), o store.Options) (Copied, error) {
	if err := b.onFile("backup"); err != nil {
		return Copied{}, err
	}
	return sqlite.Backup(ctx, b.DB, file, force, progress, o)
}

// Restore replaces the board's content by that of a file. See [sqlite.Restore].
func (b Board) Restore(ctx context.Context, file string, o store.Options) (Restored, error) {
	if err := b.onFile("restore"); err != nil {
		return Restored{}, err
	}
	return sqlite.Restore(ctx, b.DB, file, o)
}

// onFile refuses what is done to files for a board on a server, whose own tools
// do it better.
func (b Board) onFile(verb string) error {
	if !b.remote() {
		return nil
	}
	return &kanban.Error{Code: kanban.Invalid, Msg: fmt.Sprintf("%s: the board is at %s, and not in a file", verb, b.Address()),
		Hint: "use the server's own tools, such as pg_dump of its schema"}
}
