// Package workspace prepares the folder in which a worker works.
package workspace

import (
	"fmt"
	"os"
	"path/filepath"

	"andon/kanban"
)

// Path is where the card's worker will work, whether it is there yet or not.
// root holds the scratch folders of the board.
func Path(t kanban.Task, root string) (string, error) {
	switch t.WorkspaceKind {
	case kanban.Scratch:
		if t.WorkspacePath != "" {
			return t.WorkspacePath, absolute(t)
		}
		// Ids of other programs are taken as they come, and must not lead out of
		// the root.
		if id := string(t.ID); filepath.Base(id) != id || !filepath.IsLocal(id) {
			return "", fmt.Errorf("the card's id %q cannot name a folder", id)
		}
		return filepath.Join(root, string(t.ID)), nil
	case kanban.Dir:
		return t.WorkspacePath, absolute(t)
	}
	return "", fmt.Errorf("%s workspaces cannot be prepared here", t.WorkspaceKind)
}

func absolute(t kanban.Task) error {
	if !filepath.IsAbs(t.WorkspacePath) {
		return fmt.Errorf("the path %q of the %s workspace is not absolute", t.WorkspacePath, t.WorkspaceKind)
	}
	return nil
}

// Prepare makes the folder if it is missing.
func Prepare(path string) error { return os.MkdirAll(path, 0o755) }
