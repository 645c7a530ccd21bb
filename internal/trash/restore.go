package trash

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"andon/internal/home"
	"andon/kanban"
)

// Restored are the files of a card that came back.
type Restored struct {
	dir    string
	moved  [][2]string // from and to
	rename func(from, to string) error
}

// Restore puts the files of the card that was deleted last under this id back to
// where they were. Where nothing is left in the trash to put back, it fails: the
// card would not be whole.
func Restore(place home.Board, id kanban.TaskID) (*Restored, error) {
	return restore(place, id, os.Rename)
}

func restore(place home.Board, id kanban.TaskID, rename func(from, to string) error) (*Restored, error) {
	dir, err := find(place, id)
	if err != nil {
		return nil, err
	}
	r := &Restored{dir: dir, rename: rename}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, denied(err)
	}
	for _, e := range entries {
		to := filepath.Join(place.Logs, e.Name())
		switch e.Name() {
		case "card.json":
			continue
		case "attachments":
			to = filepath.Join(place.Attachments, string(id))
		}
		if _, err := os.Lstat(to); err == nil {
			return nil, errors.Join(&kanban.Error{Code: kanban.Denied, Msg: fmt.Sprintf("put the files of %s back: %s is there already", id, to), Hint: "move it away"}, r.Back())
		}
		if err := r.move(filepath.Join(dir, e.Name()), to); err != nil {
			return nil, errors.Join(denied(err), r.Back())
		}
	}
	return r, nil
}

func denied(err error) error { return &kanban.Error{Code: kanban.Denied, Err: err, Msg: err.Error()} }

func (r *Restored) move(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := moveFolder(from, to, r.rename); err != nil {
		return err
	}
	r.moved = append(r.moved, [2]string{from, to})
	return nil
}

// Back moves the files into the trash again: the card did not come back.
func (r *Restored) Back() (err error) {
	for _, m := range r.moved {
		err = errors.Join(err, moveFolder(m[1], m[0], r.rename))
	}
	r.moved = nil
	return err
}

// Forget removes what the trash still has of the card, which is back.
func (r *Restored) Forget() error { return os.RemoveAll(r.dir) }

// find is the newest folder that the trash has of a card.
func find(place home.Board, id kanban.TaskID) (dir string, err error) {
	entries, err := os.ReadDir(place.Trash)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", denied(err)
	}
	var at, nth int64
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), string(id)+".")
		when, n, dot := strings.Cut(rest, ".")
		a, err1 := strconv.ParseInt(when, 10, 64)
		b, err2 := strconv.ParseInt(n, 10, 64)
		if ok && dot && err1 == nil && err2 == nil && (dir == "" || a > at || a == at && b > nth) {
			dir, at, nth = filepath.Join(place.Trash, e.Name()), a, b
		}
	}
	if dir == "" {
		return "", &kanban.Error{Code: kanban.Conflict, Msg: fmt.Sprintf("the trash has nothing of %s any more", id), Hint: "what was purged is gone"}
	}
	return dir, nil
}
