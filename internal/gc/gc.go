// Package gc removes what a board no longer needs: old history of finished cards,
// old logs, folders of runs, scratch folders, and deleted cards whose day in the trash is over.
package gc

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"andon/internal/attach"
	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/store"
	"andon/internal/trash"
	"andon/internal/worker"
	"andon/internal/workspace"
	"andon/kanban"
)

// Options is what is old.
type Options struct {
	Now    time.Time
	Events time.Time // events from before are; of finished cards only
	Logs   time.Time // logs and folders of runs that were last written before are; of cards that are not running
	DryRun bool      // only count
}

// Report counts what was removed, or with DryRun would be.
type Report struct {
	Workspaces, Events, Logs, Runs, Trash int

	Left []Left
}

// Left is a folder or a file that was not removed although nobody needs it.
type Left struct {
	Task kanban.TaskID
	Path string
	Why  error
}

// Run removes what is old. No dispatcher may be at the board meanwhile, lest a
// card be started whose log is just being removed. What cannot be removed does not
// keep the rest: the report is of what could be, also beside an error.
func Run(ctx context.Context, b *board.Board, place home.Board, root string, o Options) (r Report, err error) {
	clean := worker.Cleaner{Board: b, Place: place, Root: root}
	var errs [6]error
	errs[0] = folders(ctx, clean, o, &r)
	if o.DryRun {
		r.Events, errs[1] = b.OldEvents(ctx, o.Events)
	} else {
		r.Events, errs[1] = b.Forget(ctx, o.Events)
	}
	errs[2] = logs(ctx, b, place, o, &r)
	errs[3] = deleted(ctx, clean, o, &r)
	errs[4] = strays(ctx, b, place, o, &r)
	errs[5] = runs(ctx, b, place, o, &r)
	return r, errors.Join(errs[:]...)
}

func folders(ctx context.Context, clean worker.Cleaner, o Options, r *Report) error {
	cards, err := clean.Board.Places(ctx, kanban.Scratch, true)
	if err != nil {
		return err
	}
	for _, t := range cards {
		path, err := workspace.Path(t, clean.Place.Workspaces)
		if err == nil {
			if _, err = os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
				continue // as of most cards
			}
		}
		var f workspace.Folder
		if err == nil {
			var h board.Household
			if h, err = clean.Board.Household(ctx, t.ID); err == nil {
				f, err = clean.Spent(ctx, h, 0)
			}
		}
		r.folder(t.ID, path, f, err, o)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// folder removes a folder that was found without an error, or says why not.
func (r *Report) folder(id kanban.TaskID, path string, f workspace.Folder, err error, o Options) {
	if err == nil && !o.DryRun {
		err = f.Remove()
	}
	switch {
	case err == nil:
		r.Workspaces++
	case kanban.CodeOf(err) == kanban.Conflict, kanban.CodeOf(err) == kanban.NotFound, errors.Is(err, fs.ErrNotExist):
		// Somebody needs it, or it went by itself.
	default:
		r.Left = append(r.Left, Left{Task: id, Path: path, Why: err})
	}
}

// deleted removes the cards whose day in the trash is over, and first the scratch
// folders that they left: nothing else tells whose those were.
func deleted(ctx context.Context, clean worker.Cleaner, o Options, r *Report) error {
	dirs, err := trash.Expired(clean.Place, o.Now)
	if err != nil {
		return fmt.Errorf("look for expired trash: %w", err)
	}
	for _, dir := range dirs {
		t := trash.Was(dir)
		f, err := clean.Orphaned(ctx, t)
		r.folder(t.ID, t.WorkspacePath, f, err, o)
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return remove(dirs, os.RemoveAll, o.DryRun, &r.Trash)
}

// strays tells of the files that a crash left without their rows. They are not
// removed: several boards, also one on a server, may keep their files in one place,
// and what one of them does not know may be another's.
func strays(ctx context.Context, b *board.Board, place home.Board, o Options, r *Report) error {
	rows, err := b.AllAttachments(ctx, 0)
	if err != nil {
		return err
	}
	files, err := attach.Strays(place.Attachments, rows, o.Now)
	if err != nil {
		return fmt.Errorf("look for files of no card: %w", err)
	}
	for _, f := range files {
		r.Left = append(r.Left, Left{Task: kanban.TaskID(filepath.Base(filepath.Dir(f))), Path: f,
			Why: fmt.Errorf("no card of this board has the file %s; remove it if no other board keeps its files there", f)})
	}
	return nil
}

func logs(ctx context.Context, b *board.Board, place home.Board, o Options, r *Report) error {
	old, err := idle(ctx, b, place.Logs, o.Logs, func(e fs.FileInfo, running []kanban.Task) bool {
		return !e.Mode().IsRegular() || of(e.Name(), running)
	})
	if err != nil {
		return fmt.Errorf("look for old logs: %w", err)
	}
	return remove(old, os.Remove, o.DryRun, &r.Logs)
}

// runs removes the folders of runs whose supervisors were killed, and what others have
// put beside them: a supervisor that ends removes its own.
func runs(ctx context.Context, b *board.Board, place home.Board, o Options, r *Report) error {
	old, err := idle(ctx, b, place.Runs, o.Logs, func(e fs.FileInfo, running []kanban.Task) bool {
		run, known := worker.RunOf(e.Name())
		return !known || slices.ContainsFunc(running, func(t kanban.Task) bool { return t.Run == run })
	})
	if err != nil {
		return fmt.Errorf("look for folders of runs: %w", err)
	}
	return remove(old, os.RemoveAll, o.DryRun, &r.Runs)
}

// idle lists what was last written to before a time, without what is kept.
func idle(ctx context.Context, b *board.Board, folder string, before time.Time, keep func(fs.FileInfo, []kanban.Task) bool) (old []string, err error) {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // no card ever ran
	}
	if err != nil {
		return nil, err
	}
	running, err := b.List(ctx, store.Filter{Statuses: []kanban.Status{kanban.Running}})
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.ModTime().Before(before) && !keep(info, running) {
			old = append(old, filepath.Join(folder, e.Name()))
		}
	}
	return old, nil
}

// of reports whether the file is a log of one of the cards, or an older one.
func of(name string, cards []kanban.Task) bool {
	for _, t := range cards {
		if rest, ok := strings.CutPrefix(name, string(t.ID)+".log"); ok && (rest == "" || rest[0] == '.') {
			return true
		}
	}
	return false
}

func remove(paths []string, rm func(string) error, dryRun bool, n *int) (err error) {
	for _, p := range paths {
		if !dryRun {
			if rerr := rm(p); rerr != nil {
				err = errors.Join(err, rerr)
				continue
			}
		}
		*n++
	}
	return err
}
