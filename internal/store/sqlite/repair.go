package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"andon/internal/lock"
	"andon/internal/store"
)

// Repaired is what an examination found and did.
type Repaired struct {
	Status       string   `json:"status"` // ok, repaired, corrupt, missing
	DBPath       string   `json:"db_path"`
	Messages     []string `json:"messages"`
	PostMessages []string `json:"post_repair_messages"`
	BackupPath   string   `json:"backup_path,omitempty"`
	Reindexed    []string `json:"reindexed"`
}

// Repair examines the file at path whatever its stamp says, and writes damaged
// indexes anew after it has kept a copy. It opens no board: damage is in the
// answer, an error means that it could not look. With wal it then gives a sound
// file its write-ahead log.
func Repair(ctx context.Context, path string, wal bool, o store.Options) (r Repaired, err error) {
	b, err := newBoard(path, o)
	if err != nil {
		return r, err
	}
	defer b.queue.Close()
	opening.Lock()
	defer opening.Unlock()
	r = Repaired{Status: "missing", DBPath: b.path, Messages: []string{}, PostMessages: []string{}, Reindexed: []string{}}
	info, err := os.Stat(b.file)
	if os.IsNotExist(err) || err == nil && !info.IsDir() && info.Size() == 0 {
		return r, nil
	}
	if _, err := b.preflight(); err != nil {
		return r, err
	}
	guard, held, err := lock.Poll(ctx, b.file+".init.lock", initPoll, initLimit)
	switch {
	case ctx.Err() != nil:
		return r, ctx.Err()
	case err != nil || !held:
		b.options.Warn("examining it without the lock for first opening, which cannot be had")
	default:
		defer func() { err = errors.Join(err, guard.Unlock()) }()
	}
	if r, err = b.examine(ctx); err != nil {
		return r, fmt.Errorf("repair: %w", b.explain(err))
	}
	if wal && r.Status != "corrupt" {
		if err := b.toWAL(ctx); err != nil {
			return r, fmt.Errorf("repair: %w", b.explain(err))
		}
	}
	return r, nil
}

// examine finds out whether the file is whole and leaves the stamp that says so.
// The caller holds the lock of first opening, as far as that can be had. Nothing
// is made anew over a damaged file but an index, and that only with a copy kept.
func (b *board) examine(ctx context.Context) (Repaired, error) {
	r := Repaired{Status: "ok", DBPath: b.path, Messages: []string{}, PostMessages: []string{}, Reindexed: []string{}}
	lines, err := b.probe(ctx)
	if err != nil {
		return r, err
	}
	if healthy(lines) {
		r.Messages = lines
		b.stamp()
		return r, nil
	}
	b.unstamp()
	r.Status, r.Messages = "corrupt", lines
	if r.BackupPath, err = b.quarantine(); err != nil {
		b.options.Warn(fmt.Sprintf("no copy of the damaged file could be kept: %v", err))
	}
	names := badIndexes(lines)
	if len(names) == 0 || r.BackupPath == "" {
		return r, nil
	}
	r.Reindexed = names
	if err := b.reindex(ctx, names); err != nil && !isDamage(err) {
		return r, err
	}
	if r.PostMessages, err = b.probe(ctx); err != nil {
		return r, err
	}
	if healthy(r.PostMessages) {
		r.Status = "repaired"
		b.stamp()
	}
	return r, nil
}

// reindex writes the indexes anew, or all of them if one of these cannot be.
func (b *board) reindex(ctx context.Context, names []string) (err error) {
	pool, err := b.dial(b.configure)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	for _, name := range names {
		if _, err := pool.ExecContext(ctx, `REINDEX "`+strings.ReplaceAll(name, `"`, `""`)+`"`); err != nil {
			if isBusy(err) || ctx.Err() != nil {
				return err
			}
			_, err = pool.ExecContext(ctx, `REINDEX`)
			return err
		}
	}
	return nil
}

// trust refuses a file that is not whole. Whoever opens a board calls it, under
// the lock of first opening, when there is no stamp to go by.
func (b *board) trust(ctx context.Context) error {
	if _, err := alone(b.file, func() error { return checkHeader(b.file, b.path) }); err != nil {
		return err
	}
	r, err := b.examine(ctx)
	switch {
	case err != nil:
		return err
	case r.Status == "corrupt" && len(r.PostMessages) > 0:
		return b.damaged(fmt.Sprintf("%s; after its indexes were written anew: %s", reason(r.Messages), reason(r.PostMessages)), r.BackupPath)
	case r.Status == "corrupt":
		return b.damaged(reason(r.Messages), r.BackupPath)
	case r.Status == "repaired":
		b.options.Warn(fmt.Sprintf("%s had damaged indexes (%s), which were written anew; the file as it was is %s",
			b.path, strings.Join(r.Reindexed, ", "), r.BackupPath))
	}
	return nil
}
