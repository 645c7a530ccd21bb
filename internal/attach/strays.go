package attach

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"andon/kanban"
)

// Young is how long a file may be without a row before it counts as a stray: it
// may be on its way to one.
const Young = time.Hour

// Strays lists the files directly in the cards' folders below root that no row
// names, and that nobody has touched for [Young]: what a crash left between the
// file and its row. rows are those of all boards that keep files below root; a
// row is known by its card and the name of its file, wherever it says that lies.
func Strays(root string, rows []kanban.Attachment, now time.Time) ([]string, error) {
	type file struct {
		task kanban.TaskID
		name string
	}
	known := map[file]bool{}
	for _, a := range rows {
		known[file{a.Task, filepath.Base(a.Path)}] = true
	}
	cards, err := os.ReadDir(root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var strays []string
	for _, c := range cards {
		if !c.IsDir() {
			continue // not ours; a link's target is not either
		}
		entries, err := os.ReadDir(filepath.Join(root, c.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil || !info.Mode().IsRegular() || known[file{kanban.TaskID(c.Name()), e.Name()}] || now.Sub(info.ModTime()) < Young {
				continue
			}
			strays = append(strays, filepath.Join(root, c.Name(), e.Name()))
		}
	}
	return strays, nil
}
