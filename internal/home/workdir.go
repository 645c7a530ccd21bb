package home

import (
	"encoding/json"
	"os"
)

// DefaultDir is the folder that board.json names for the worktrees of cards which
// name none; empty if it names none, or cannot be read.
func (b Board) DefaultDir() string {
	var meta struct {
		DefaultDir string `json:"default_workdir"`
	}
	if text, err := os.ReadFile(b.Metadata); err != nil || json.Unmarshal(text, &meta) != nil {
		return ""
	}
	return meta.DefaultDir
}

// WorkspaceRoots are the folders that hold the scratch folders of boards: that of
// b, wherever it is, and those of the boards below root. Nothing outside them is
// ever removed.
func WorkspaceRoots(root string, b Board) []string {
	roots := []string{b.Workspaces}
	boards, _ := Home{Root: root}.Boards() // those that cannot be listed are not managed
	for _, other := range boards {
		if other.Workspaces != b.Workspaces {
			roots = append(roots, other.Workspaces)
		}
	}
	return roots
}

// OnServer reports whether processes of other hosts work on the board.
func (b Board) OnServer() bool { return b.remote() }
