package worker

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"andon/internal/board"
	"andon/internal/home"
	"andon/internal/proc"
	"andon/internal/workspace"
	"andon/kanban"
)

// Cleaner removes scratch folders that nobody needs any longer.
type Cleaner struct {
	Board *board.Board
	Place home.Board
	Root  string // the home
}

// After removes what nobody needs now that a card is finished: its own folder,
// and those of its parents whose last child it was. ended is a run whose processes
// are known to be gone; zero: none. While a worker may be in a folder it stays,
// and the supervisor of that worker calls this again. It may be called twice; the
// error tells which folders were left that are no scratch folders of andon's, or
// could not be removed.
func (c Cleaner) After(ctx context.Context, id kanban.TaskID, ended kanban.RunID) error {
	all, err := c.Board.Households(ctx, id)
	if err != nil {
		return err
	}
	var left error
	for _, h := range all {
		f, err := c.Spent(ctx, h, ended)
		if err == nil {
			err = f.Remove()
		}
		if kanban.CodeOf(err) != kanban.Conflict && !errors.Is(err, fs.ErrNotExist) {
			left = errors.Join(left, err)
		}
	}
	return left
}

// Spent finds the folder of a card that may be removed. One that is needed is
// refused as a conflict, and one that is not there is [fs.ErrNotExist].
func (c Cleaner) Spent(ctx context.Context, h board.Household, ended kanban.RunID) (workspace.Folder, error) {
	own, others := c.tenants(h, ended)
	if err := kanban.Spent(own, others); err != nil {
		return workspace.Folder{}, err
	}
	path, err := workspace.Path(h.Task, c.Place.Workspaces)
	if err != nil {
		return workspace.Folder{}, err
	}
	f, err := workspace.Managed(path, home.WorkspaceRoots(c.Root, c.Place))
	if err != nil {
		return f, err
	}
	sharers, err := c.sharers(ctx, h.Task.ID, f.Path)
	if err == nil {
		err = kanban.Spent(own, sharers)
	}
	return f, err
}

// Orphaned finds the scratch folder of a card that was deleted. See [Cleaner.Spent].
func (c Cleaner) Orphaned(ctx context.Context, t kanban.Task) (workspace.Folder, error) {
	if t.WorkspaceKind != kanban.Scratch {
		return workspace.Folder{}, fs.ErrNotExist
	}
	switch again, err := c.Board.Task(ctx, t.ID); {
	case err == nil: // it is on the board again, and the folder is its own
		return workspace.Folder{}, kanban.Vacant(kanban.Tenant{Task: again, Live: true}, nil)
	case kanban.CodeOf(err) != kanban.NotFound:
		return workspace.Folder{}, err
	}
	t.Status = kanban.Archived
	return c.Spent(ctx, board.Household{Occupant: board.Occupant{Task: t}}, 0)
}

// Vacant refuses while somebody needs the folder at path, whatever its kind.
func (c Cleaner) Vacant(ctx context.Context, h board.Household, path string) error {
	own, others := c.tenants(h, 0)
	sharers, err := c.sharers(ctx, h.Task.ID, path)
	if err != nil {
		return err
	}
	return kanban.Vacant(own, append(others, sharers...))
}

func (c Cleaner) tenants(h board.Household, ended kanban.RunID) (own kanban.Tenant, children []kanban.Tenant) {
	own = kanban.Tenant{Task: h.Task, Live: c.live(h.Runs, ended)}
	for _, o := range h.Children {
		children = append(children, kanban.Tenant{Task: o.Task, Live: c.live(o.Runs, ended)})
	}
	return own, children
}

// sharers are the unfinished cards that were given the folder too, or one within
// it. One that works in a folder around it, such as the whole repository, has no
// claim to this one.
func (c Cleaner) sharers(ctx context.Context, id kanban.TaskID, path string) ([]kanban.Tenant, error) {
	unfinished, err := c.Board.Unfinished(ctx, kanban.TaskID(filepath.Base(path)))
	var sharers []kanban.Tenant
	for _, t := range unfinished {
		p, err := workspace.Path(t, c.Place.Workspaces)
		if t.ID != id && err == nil && p != "" && workspace.Within(p, path) {
			sharers = append(sharers, kanban.Tenant{Task: t})
		}
	}
	return sharers, err
}

// linger is how long a worker on another host, of whose end nothing is known yet,
// is taken to live after its card was moved.
const linger = 5 * time.Minute

// live reports whether a process of one of the runs may be alive. The supervisor
// records the exit when all are gone; where there is none, the system is asked.
func (c Cleaner) live(runs []kanban.Run, ended kanban.RunID) bool {
	for _, r := range runs {
		w := r.Worker
		if r.ID == ended || w.PID == 0 || w.Exit != "" {
			continue
		}
		tree := treeOf(c.Place, r)
		switch {
		case r.Open(), proc.ID{PID: int(w.PID), Start: w.Start}.Alive(), len(tree.Members()) > 0:
			return true
		case c.Place.OnServer() && time.Since(r.EndedAt) < linger:
			return true
		}
	}
	return false
}
