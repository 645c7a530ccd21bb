package worker

import (
	"errors"
	"os"
	"path/filepath"

	"andon/internal/config"
	"andon/internal/home"
	"andon/internal/workspace"
	"andon/kanban"
)

// Program finds the program that would be started for a card of the profile by a
// dispatcher with this environment.
func Program(p config.Profile, t kanban.Task, environ []string) (string, error) {
	argv, err := p.Resolve(os.Getenv).Argv(config.Card{ID: string(t.ID), Title: t.Title})
	if err != nil {
		return "", err
	}
	if path, set := p.Env["PATH"]; set {
		environ = append(environ[:len(environ):len(environ)], "PATH="+path)
	}
	return find(argv[0], environ)
}

// Folder says what would keep the card's worker from having its folder. A
// scratch folder is made when it is needed; one that was given is expected to be
// there.
func Folder(b home.Board, t kanban.Task) error {
	path, err := workspace.Path(t, b.Workspaces)
	if err != nil || t.WorkspaceKind == kanban.Scratch {
		return err
	}
	info, err := os.Stat(path)
	if err == nil && !info.IsDir() {
		return &os.PathError{Op: "use", Path: filepath.Clean(path), Err: errNoFolder}
	}
	return err
}

var errNoFolder = errors.New("it is no folder")
