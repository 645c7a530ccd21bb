package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/ncruces/go-sqlite3"

	"andon/internal/fsx"
	"andon/internal/store"
	"andon/kanban"
)

// Relocate gives the folder of the board at path, with all that lies in it, the
// name to. It refuses while anybody has the board open, and, unless none is "",
// while cards are in that status.
//
// A process that has a file open follows it to its new name, and what it writes
// there is lost to whoever looks for the board where it was. Worse, in a journal
// mode without a log it makes its journal by the old name: beside a new board
// of that name, a journal that is not its own would be played back into it. So
//
//   - every lock is taken that others take before they touch a board, as for a
//     restore, and no other process may be seen to have the file open;
//   - the file is opened for this process alone, and what stands in its log is
//     copied into it: whoever has it open at that moment is found out, and the log
//     that goes along is empty;
//   - the folder goes as one, the database with its log, in one step;
//   - who opened the file between the second and the third is looked for after
//     it, and then the folder goes back.
//
// Only Linux shows who has a file open. Elsewhere a program that is between two
// transactions on a file without a log is not seen.
func Relocate(ctx context.Context, path, to string, none kanban.Status, o store.Options) error {
	b, err := newBoard(path, o)
	if err != nil {
		return err
	}
	defer b.queue.Close()
	opening.Lock()
	defer opening.Unlock()

	dir := filepath.Dir(b.path)
	if _, err := os.Stat(b.path); os.IsNotExist(err) {
		return b.moved(fsx.MoveDir(dir, to)) // nothing but what is said of it
	}
	release, err := b.seclude(ctx)
	defer func() { release() }()
	if err != nil {
		return err
	}
	// One that is damaged can be put away: nothing of it is altered.
	if err := b.vacate(ctx, none); err != nil && !isDamage(err) {
		return b.explain(err)
	}
	if runtime.GOOS == "windows" { // where no folder moves that has an open file, such as a lock
		release()
		release = func() {}
	}
	free, err := alone(b.file, func() error { return fsx.MoveDir(dir, to) })
	if err == nil && !free {
		return b.inUse("this process has it open")
	}
	if err != nil {
		return b.moved(err)
	}
	if who := holders(filepath.Join(to, filepath.Base(b.path))); who != "" {
		if err := fsx.MoveDir(to, dir); err != nil {
			return fmt.Errorf("%w, and it cannot be put back: %w", b.inUse(who), err)
		}
		return b.inUse(who)
	}
	return nil
}

func (b *board) moved(err error) error {
	if err == nil {
		return nil
	}
	return &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error()}
}

// vacate empties the log into the file while nobody else has it open, and refuses
// if somebody has, or if cards are in the status none.
func (b *board) vacate(ctx context.Context, none kanban.Status) (err error) {
	if info, err := os.Stat(b.file); err != nil || info.Size() == 0 {
		return nil
	}
	pool, err := b.dial(func(c *sqlite3.Conn) error {
		if err := leaveLog(c); err != nil {
			return err
		}
		if err := c.Exec(`PRAGMA locking_mode = EXCLUSIVE`); err != nil { // before the file is first read
			return err
		}
		return set(c, atOnce)
	})
	if err != nil {
		return err
	}
	defer func() {
		if closing := pool.Close(); err == nil {
			err = closing
		}
	}()
	pc, err := pool.Conn(ctx)
	if err == nil {
		defer pc.Close()
		_, err = pc.ExecContext(ctx, `BEGIN EXCLUSIVE`)
	}
	if isBusy(err) {
		return b.inUse("another process has it open")
	}
	if err != nil {
		return err
	}
	var there, n int
	err = pc.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'tasks'`).Scan(&there)
	if err == nil && there > 0 && none != "" {
		err = pc.QueryRowContext(ctx, `SELECT count(*) FROM tasks WHERE status = ?`, none).Scan(&n)
	}
	if err != nil {
		return err
	}
	if n > 0 {
		return store.Occupied(b.path, n, none)
	}
	if _, err = pc.ExecContext(ctx, `ROLLBACK`); err != nil { // the lock stays, in this mode
		return err
	}
	_, err = pc.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	return err
}
