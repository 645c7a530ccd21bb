package home

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"andon/internal/fsx"
	"andon/internal/lock"
	"andon/internal/store"
	"andon/internal/store/postgres"
	"andon/internal/store/sqlite"
	"andon/kanban"
)

// manageWait is how long to wait for others who make or remove boards.
const manageWait = 15 * time.Second

// manage calls do while no other process makes, names or removes boards of the
// home. The lock is andon's own: Hermes takes none. Where there are no boards yet
// there is nothing to guard, and no home is made for what will be refused.
func (h Home) manage(ctx context.Context, do func() error) (err error) {
	dir := filepath.Dir(h.boardsDir())
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return do()
	}
	guard, held, err := lock.Poll(ctx, filepath.Join(dir, ".boards.lock"), 20*time.Millisecond, manageWait)
	switch {
	case errors.Is(err, lock.ErrUnavailable): // then there are no locks to be had here
	case err != nil:
		return err
	case !held:
		return &kanban.Error{Code: kanban.Busy, Msg: "another process is making or removing boards of " + h.Root, Hint: "try again"}
	default:
		defer func() { err = errors.Join(err, guard.Unlock()) }()
	}
	return do()
}

// Whole is the home with all its boards: without the one that --board asked for,
// and without a database file that was named alone.
func (h Home) Whole() Home {
	h.asked = ""
	if !h.remote() {
		h.db = ""
	}
	return h
}

// Unasked is the home as it is without --board.
func (h Home) Unasked() Home {
	h.asked = ""
	return h
}

// Known gives the board of this name, or [ErrNoBoard]. The board of a server is
// not looked for: opening it tells.
func (h Home) Known(slug Slug) (Board, error) {
	h = h.Whole()
	if !h.remote() && !h.Exists(slug) {
		return Board{}, h.NoBoard(slug)
	}
	return h.Board(slug), nil
}

// NoBoard is the refusal of a name that no board has.
func (h Home) NoBoard(slug Slug) error {
	place := "in " + h.Root
	if h.remote() {
		place = "at " + h.Board(slug).Address()
	}
	err := fmt.Errorf("%w: %q %s", ErrNoBoard, slug, place)
	return &kanban.Error{Code: kanban.NotFound, Err: err, Msg: err.Error(), Hint: "`andon boards list` shows those there are"}
}

// Create makes a board, with what change says of it. One that is there already is
// left as it is but for that.
func (h Home) Create(ctx context.Context, slug Slug, now time.Time, change func(*Meta), o store.Options) (b Board, existed bool, err error) {
	h = h.Whole()
	b = h.Board(slug)
	if err := os.MkdirAll(filepath.Dir(h.boardsDir()), 0o755); err != nil {
		return b, false, &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error(), Hint: "name a home that can be written, with --home or ANDON_HOME"}
	}
	err = h.manage(ctx, func() error {
		switch err := b.Look(ctx); {
		case err == nil:
			existed = true
		case !errors.Is(err, ErrAbsent):
			return err
		default:
			existed = !h.remote() && slug != Default && h.Exists(slug)
		}
		// What is said of it first: a board is there by that alone.
		if err := b.SetMeta(now.Unix(), change); err != nil {
			return err
		}
		db, err := b.make(ctx, o)
		if err != nil {
			return err
		}
		return db.Close()
	})
	return b, existed, err
}

// make opens the board, and creates it if it is not there.
func (b Board) make(ctx context.Context, o store.Options) (*store.DB, error) {
	if b.remote() {
		return postgres.Open(ctx, b.DB, string(b.Slug), o)
	}
	return sqlite.Open(ctx, b.DB, o)
}

// Describe changes what is said of a board, which must exist.
func (h Home) Describe(ctx context.Context, slug Slug, now time.Time, change func(*Meta)) (b Board, err error) {
	h = h.Whole()
	err = h.manage(ctx, func() error {
		if b, err = h.Known(slug); err != nil {
			return err
		}
		if h.remote() {
			if err := b.Look(ctx); errors.Is(err, ErrAbsent) && slug != Default {
				return h.NoBoard(slug)
			} else if err != nil && !errors.Is(err, ErrAbsent) {
				return err
			}
		}
		return b.SetMeta(now.Unix(), change)
	})
	return b, err
}

// Switch makes a board the current one.
func (h Home) Switch(ctx context.Context, slug Slug) error {
	h = h.Whole()
	if h.remote() {
		return &kanban.Error{Code: kanban.Denied, Msg: "which board of a server is meant is not kept in a file",
			Hint: fmt.Sprintf("say ANDON_BOARD=%s, or write #%s behind the address", slug, slug)}
	}
	return h.manage(ctx, func() error {
		if !h.Exists(slug) {
			return h.NoBoard(slug)
		}
		err := os.MkdirAll(filepath.Dir(h.CurrentFile()), 0o755)
		if err == nil {
			err = fsx.WriteFile(h.CurrentFile(), []byte(string(slug)+"\n"), 0o644)
		}
		if err != nil {
			return &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error()}
		}
		return nil
	})
}

// Occupied is the refusal to take a board away on which n cards are running.
func Occupied(b Board, n int) error { return store.Occupied(b.Address(), n, kanban.Running) }

// Removal is how a board is taken away.
type Removal struct {
	Delete bool // for good; else it is put away, and can be restored
	Force  bool // also while cards on it are running
}

// none is the status in which no card may be.
func (r Removal) none() kanban.Status {
	if r.Force {
		return ""
	}
	return kanban.Running
}

// Remove takes a board away and returns where it is now, which is nowhere if it
// was deleted. It is refused while anybody has the board's file open.
func (h Home) Remove(ctx context.Context, slug Slug, now time.Time, how Removal, o store.Options) (to Shelved, err error) {
	h = h.Whole()
	if err := h.Removable(ctx, slug); err != nil {
		return to, err
	}
	err = h.manage(ctx, func() error {
		if err := h.Removable(ctx, slug); err != nil {
			return err
		}
		if h.remote() {
			to, err = h.removeSchema(ctx, slug, now, how)
		} else {
			to, err = h.removeFolder(ctx, slug, now, how, o)
		}
		if err != nil {
			return err
		}
		// A pointer to no board is passed over, but a later board of this name would
		// be the current one and nobody would know why.
		if text, err := os.ReadFile(h.CurrentFile()); err == nil && !h.remote() {
			if at, err := ParseSlug(string(text)); err == nil && at == slug {
				if err := os.Remove(h.CurrentFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
			}
		}
		return nil
	})
	return to, err
}

// Removable refuses what can be removed in no case: the default board, and one
// that does not exist.
func (h Home) Removable(ctx context.Context, slug Slug) error {
	h = h.Whole()
	if slug == Default {
		return &kanban.Error{Code: kanban.Conflict, Msg: "the board default cannot be removed", Hint: "every home has one; archive or delete its cards"}
	}
	if h.remote() {
		err := h.Board(slug).Look(ctx)
		if errors.Is(err, ErrAbsent) {
			err = h.NoBoard(slug)
		}
		return err
	}
	if !h.Exists(slug) {
		return h.NoBoard(slug)
	}
	return nil
}

func (h Home) removeFolder(ctx context.Context, slug Slug, now time.Time, how Removal, o store.Options) (to Shelved, err error) {
	b := h.layout(slug)
	h.sweep()
	to = Shelved{Slug: slug}
	var dir string
	for n := 0; ; n++ {
		name := shelfName(slug, now, n)
		dir = filepath.Join(h.shelf(), name)
		if how.Delete {
			dir = filepath.Join(h.shelf(), doomed+name)
		}
		to.Name, to.Dir = name, dir
		if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	if err := sqlite.Relocate(ctx, b.DB, dir, how.none(), o); err != nil {
		return Shelved{}, err
	}
	if !how.Delete {
		return to, nil
	}
	// It is no board any more: if this is cut short, the next removal goes on.
	if err := os.RemoveAll(dir); err != nil {
		return Shelved{}, &kanban.Error{Code: kanban.Denied, Err: err, Msg: fmt.Sprintf("the board %s is removed, but not all of it is gone: %v", slug, err)}
	}
	return Shelved{}, nil
}

// doomed begins the names of folders that are being deleted.
const doomed = ".deleted-"

// sweep removes what an earlier deletion that was cut short left behind.
func (h Home) sweep() {
	left, _ := filepath.Glob(filepath.Join(h.shelf(), doomed+"*"))
	for _, dir := range left {
		_ = os.RemoveAll(dir) // the next one tries again
	}
}

// removeSchema leaves the folder of the board, where logs and workspaces are, in
// its place unless the board is deleted; a board in a file may share it.
func (h Home) removeSchema(ctx context.Context, slug Slug, now time.Time, how Removal) (to Shelved, err error) {
	b := h.Board(slug)
	if how.Delete {
		if err := postgres.Drop(ctx, b.DB, string(slug), how.none()); err != nil {
			return to, err
		}
		if !isThere(h.layout(slug).DB) {
			err = os.RemoveAll(b.Dir)
		}
		return to, err
	}
	shelved, err := h.Shelf(ctx)
	if err != nil {
		return to, err
	}
	taken := map[string]bool{}
	for _, s := range shelved {
		taken[s.Name] = true
	}
	for n := 0; ; n++ {
		if to = (Shelved{Slug: slug, Name: shelfName(slug, now, n)}); !taken[to.Name] {
			return to, postgres.Archive(ctx, b.DB, string(slug), to.Name, how.none())
		}
	}
}

// Restore brings a board back that was put away: the one of this name, such as
// "ops-1700000000", or the latest of this slug.
func (h Home) Restore(ctx context.Context, name string, now time.Time, o store.Options) (b Board, err error) {
	h = h.Whole()
	name = strings.ToLower(strings.TrimSpace(name))
	err = h.manage(ctx, func() error {
		if slug, err := ParseSlug(name); err == nil && !h.remote() && h.Exists(slug) && h.layout(slug).Meta().Archived {
			b = h.Board(slug) // it was only left out of lists
			return b.SetMeta(now.Unix(), func(m *Meta) { m.Archived = false })
		}
		from, err := h.shelved(ctx, name)
		if err != nil {
			return err
		}
		b = h.Board(from.Slug)
		if err := h.vacant(ctx, b); err != nil {
			return err
		}
		if h.remote() {
			err = postgres.Unarchive(ctx, b.DB, string(from.Slug), from.Name)
		} else {
			err = sqlite.Relocate(ctx, filepath.Join(from.Dir, dbName), b.Dir, "", o)
		}
		if err == nil && b.Meta().Archived {
			err = b.SetMeta(now.Unix(), func(m *Meta) { m.Archived = false })
		}
		return err
	})
	return b, err
}

// vacant refuses to put a board where one is.
func (h Home) vacant(ctx context.Context, b Board) error {
	taken := h.Exists(b.Slug)
	if h.remote() {
		err := b.Look(ctx)
		if err != nil && !errors.Is(err, ErrAbsent) {
			return err
		}
		taken = err == nil
	} else if _, err := os.Lstat(b.Dir); !taken && !errors.Is(err, fs.ErrNotExist) {
		return &kanban.Error{Code: kanban.Conflict, Msg: fmt.Sprintf("%s is in the way, and is no board", b.Dir), Hint: "move it away"}
	}
	if taken {
		return &kanban.Error{Code: kanban.Conflict, Msg: fmt.Sprintf("there is a board %s already", b.Slug),
			Hint: fmt.Sprintf("put that one away first, with `andon boards archive %s`", b.Slug)}
	}
	return nil
}
