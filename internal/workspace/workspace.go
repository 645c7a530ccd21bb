// Package workspace prepares the folder in which a worker works, and removes it:
// scratch folders of andon's own, git worktrees, and folders that were given,
// which are never removed.
package workspace

import (
	"fmt"
	"os"
	"path/filepath"

	"andon/kanban"
)

// Path is where the card's worker will work, whether it is there yet or not.
// root holds the scratch folders of the board. Of a worktree that was never made
// and has no path it is empty: [Worktree] tells.
func Path(t kanban.Task, root string) (string, error) {
	switch t.WorkspaceKind {
	case kanban.Scratch:
		if t.WorkspacePath != "" {
			return t.WorkspacePath, absolute(t)
		}
		if err := local(t.ID); err != nil {
			return "", err
		}
		return filepath.Join(root, string(t.ID)), nil
	case kanban.Dir:
		return t.WorkspacePath, absolute(t)
	case kanban.Worktree:
		if t.WorkspacePath == "" {
			return "", nil
		}
		return t.WorkspacePath, absolute(t)
	}
	return "", fmt.Errorf("%q is no kind of workspace that can be prepared here", t.WorkspaceKind)
}

// local refuses an id that leads elsewhere as the name of a folder: those of
// other programs are taken as they come.
func local(id kanban.TaskID) error {
	if name := string(id); filepath.Base(name) != name || !filepath.IsLocal(name) || name == "." {
		return fmt.Errorf("the card's id %q cannot name a folder", id)
	}
	return nil
}

func absolute(t kanban.Task) error {
	if !filepath.IsAbs(t.WorkspacePath) {
		return fmt.Errorf("the path %q of the %s workspace is not absolute", t.WorkspacePath, t.WorkspaceKind)
	}
	return nil
}

// Prepare makes the folder if it is missing.
func Prepare(path string) error { return os.MkdirAll(path, 0o755) }
