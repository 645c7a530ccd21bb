// Package trash deletes cards and keeps them for a day, with their files, as they
// were: a folder per card below the board's, with its rows in card.json and its
// attachments and logs beside it.
package trash

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"andon/internal/board"
	"andon/internal/fsx"
	"andon/internal/home"
	"andon/kanban"
)

// Keep is how long a deleted card is kept.
const Keep = 24 * time.Hour

// tries bounds how often a card is kept anew because it changed before it could
// be deleted.
const tries = 10

// Options is how a card is deleted.
type Options struct {
	kanban.Deletion
	Purge bool // keep nothing
}

// Card is what card.json holds.
type Card struct {
	Task      kanban.TaskID   `json:"task_id"`
	DeletedAt int64           `json:"deleted_at"` // seconds
	Tables    json.RawMessage `json:"tables"`
}

// Delete removes the card and its files from the board. The folder in which they
// are kept is returned, empty after a purge. The rows are on disk before they
// leave the board; a process that dies in between leaves a copy too many, and
// never one too few.
func Delete(ctx context.Context, b *board.Board, place home.Board, id kanban.TaskID, o Options, now time.Time) (dir string, err error) {
	if local := string(id); filepath.Base(local) != local || !filepath.IsLocal(local) {
		return "", &kanban.Error{Code: kanban.Invalid, Msg: fmt.Sprintf("delete %q: such an id cannot name a folder", id)}
	}
	if err := Sweep(place, now); err != nil {
		return "", err
	}
	if o.Purge {
		if _, err := b.Delete(ctx, id, o.Deletion, nil); err != nil {
			return "", err
		}
		return "", stay(id, errors.Join(os.RemoveAll(filepath.Join(place.Attachments, string(id))), removeLogs(place, id)))
	}
	for range tries {
		rows, err := b.Remains(ctx, id)
		if err != nil {
			return "", err
		}
		if dir, err = keep(place, Card{Task: id, DeletedAt: now.Unix(), Tables: rows}); err != nil {
			return "", err
		}
		_, err = b.Delete(ctx, id, o.Deletion, rows)
		if err == nil {
			return dir, stay(id, move(place, id, dir))
		}
		if errors.Is(err, kanban.ErrUnknown) {
			return dir, err // it may be gone, and then this is all that is left of it
		}
		if rm := os.RemoveAll(dir); rm != nil || !errors.Is(err, board.ErrChanged) {
			return "", errors.Join(err, rm)
		}
	}
	return "", &kanban.Error{Code: kanban.Busy, Err: board.ErrChanged, Msg: fmt.Sprintf("delete %s: it changes all the time", id), Hint: "try again"}
}

// keep writes the rows of a card into a folder of their own.
func keep(place home.Board, c Card) (dir string, err error) {
	refuse := func(err error) (string, error) {
		return "", &kanban.Error{Code: kanban.Denied, Err: err, Msg: fmt.Sprintf("keep %s before it is deleted: %v", c.Task, err),
			Hint: "--purge deletes it for good"}
	}
	err = os.MkdirAll(place.Trash, 0o700)
	if err == nil {
		err = fsx.SyncDir(filepath.Dir(place.Trash))
	}
	if err != nil {
		return refuse(err)
	}
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return "", err
	}
	for n := 0; ; n++ {
		dir = filepath.Join(place.Trash, fmt.Sprintf("%s.%d.%d", c.Task, c.DeletedAt, n))
		err := os.Mkdir(dir, 0o700)
		if errors.Is(err, fs.ErrExist) {
			continue // an id that was used again, and deleted again
		}
		if err == nil { // the rows last longer than a power cut, and so must the way to them
			err = fsx.SyncDir(place.Trash)
		}
		if err == nil {
			err = fsx.WriteFile(filepath.Join(dir, "card.json"), append(text, '\n'), 0o600)
		}
		if err != nil {
			return refuse(err)
		}
		return dir, nil
	}
}

// move puts the card's files beside its rows.
func move(place home.Board, id kanban.TaskID, dir string) error {
	err := moveFolder(filepath.Join(place.Attachments, string(id)), filepath.Join(dir, "attachments"), os.Rename)
	for _, log := range logs(place, id) {
		err = errors.Join(err, os.Rename(log, filepath.Join(dir, filepath.Base(log))))
	}
	return err
}

// moveFolder moves a folder of files, if it is there, also to another file system,
// where a rename cannot: the attachments may have a root of their own.
func moveFolder(from, to string, rename func(from, to string) error) error {
	failed := rename(from, to)
	info, err := os.Lstat(from)
	if failed == nil || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || !info.IsDir() { // a link is no folder of the card's
		return failed
	}
	err = filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case !d.Type().IsRegular():
			return nil // nobody kept it here
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return fsx.WriteFile(target, text, 0o644)
	})
	if err != nil {
		return errors.Join(failed, err, os.RemoveAll(to))
	}
	return os.RemoveAll(from)
}

func removeLogs(place home.Board, id kanban.TaskID) (err error) {
	for _, log := range logs(place, id) {
		err = errors.Join(err, os.Remove(log))
	}
	return err
}

// logs are the files of the card's log: the present one and those put aside.
func logs(place home.Board, id kanban.TaskID) (paths []string) {
	entries, _ := os.ReadDir(place.Logs) // a board whose cards never ran has none
	for _, e := range entries {
		if name := string(id) + ".log"; e.Name() == name || strings.HasPrefix(e.Name(), name+".") {
			paths = append(paths, filepath.Join(place.Logs, e.Name()))
		}
	}
	return paths
}

// stay says that files could not follow a card that is gone.
func stay(id kanban.TaskID, err error) error {
	if err == nil {
		return nil
	}
	return &kanban.Error{Code: kanban.Denied, Err: err, Msg: fmt.Sprintf("%s is deleted, but files of it stay where they are: %v", id, err)}
}

// Sweep removes what was kept for longer than [Keep].
func Sweep(place home.Board, now time.Time) error {
	expired, err := Expired(place, now)
	for _, dir := range expired {
		if leaves(place, Was(dir)) {
			continue // nothing else tells of the scratch folder that is left: gc removes both
		}
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		return fmt.Errorf("sweep the trash: %w", err)
	}
	return nil
}
