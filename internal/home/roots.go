package home

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
