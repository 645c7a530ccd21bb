package worker

import (
	"context"

	"andon/internal/home"
	"andon/internal/workspace"
	"andon/kanban"
)

// Workspace makes the folder in which the card's worker works, if it is not there,
// and says where it is. env is added to the environment of the git processes that
// this takes.
func Workspace(ctx context.Context, b home.Board, t kanban.Task, env ...string) (workspace.Place, error) {
	if t.WorkspaceKind == kanban.Worktree {
		return workspace.Git{Env: env}.Worktree(ctx, t, b.DefaultDir())
	}
	path, err := workspace.Path(t, b.Workspaces)
	if err == nil {
		err = workspace.Prepare(path)
	}
	return workspace.Place{Path: path, Branch: t.Branch}, err
}
