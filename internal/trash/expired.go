package trash

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"andon/internal/home"
	"andon/kanban"
)

// Expired lists the folders of the cards that were kept for longer than [Keep].
func Expired(place home.Board, now time.Time) (dirs []string, err error) {
	entries, err := os.ReadDir(place.Trash)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, e := range entries {
		words := strings.Split(e.Name(), ".")
		if len(words) < 3 {
			continue // not ours
		}
		at, err := strconv.ParseInt(words[len(words)-2], 10, 64)
		if err == nil && now.Sub(time.Unix(at, 0)) >= Keep {
			dirs = append(dirs, filepath.Join(place.Trash, e.Name()))
		}
	}
	return dirs, err
}

// Was is the card that a folder of the trash keeps, as far as its workspace goes;
// the zero Task if that cannot be told.
func Was(dir string) kanban.Task {
	var c struct {
		Task   kanban.TaskID `json:"task_id"`
		Tables struct {
			Tasks []struct {
				Kind kanban.WorkspaceKind `json:"workspace_kind"`
				Path string               `json:"workspace_path"`
			} `json:"tasks"`
		} `json:"tables"`
	}
	text, err := os.ReadFile(filepath.Join(dir, "card.json"))
	if err != nil || json.Unmarshal(text, &c) != nil || len(c.Tables.Tasks) != 1 {
		return kanban.Task{}
	}
	return kanban.Task{ID: c.Task, WorkspaceKind: c.Tables.Tasks[0].Kind, WorkspacePath: c.Tables.Tasks[0].Path}
}

// leaves reports whether there is a scratch folder of the card.
func leaves(place home.Board, t kanban.Task) bool {
	path := t.WorkspacePath
	if path == "" {
		path = filepath.Join(place.Workspaces, string(t.ID))
	}
	_, err := os.Lstat(path)
	return t.WorkspaceKind == kanban.Scratch && err == nil
}
