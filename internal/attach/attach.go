// Package attach keeps files with the cards of a board: one folder for each card
// below the board's, in which each file has a name of its own and is whole. A
// file is there before its row is, and goes after it; what a crash leaves between
// the two is a file without a row ([Strays]), and never a row without its file.
package attach

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"andon/internal/board"
	"andon/internal/home"
	"andon/kanban"
)

// Files are those of one board.
type Files struct {
	Root string // a folder for each card; need not exist

	// Workspaces tells the folders in which cards have their scratch folders.
	Workspaces func() []string

	// DB is the board's database, if it is a file. It is never read as another file
	// is: to close it again could cancel the locks that this process has upon it.
	DB string

	// At is called at each point; tests kill the process there.
	At func(Point)
}

// Point is a moment in the keeping of a file at which a kill leaves something
// else behind.
type Point string

const (
	Written Point = "written" // the content is on disk, without a name of its own
	Named   Point = "named"   // the file has its name, and no row
	Stored  Point = "stored"  // the row is there
)

// Of are the files of a board at its place.
func Of(place home.Board) Files {
	return Files{Root: place.Attachments, DB: place.DB, Workspaces: func() []string { return []string{place.Workspaces} }}
}

func (f Files) at(p Point) {
	if f.At != nil {
		f.At(p)
	}
}

// New is a file that is to be kept.
type New struct {
	Name        string // what its bringer calls it
	ContentType string
	By          string
	Run         kanban.RunID // the worker's; zero for a person
}

// Add keeps what r gives, up to [kanban.MaxAttachment] bytes, with the card. On
// an error nothing is kept, except that an unknown end of the commit
// ([kanban.ErrUnknown]) leaves the file to whichever end it had.
func (f Files) Add(ctx context.Context, b *board.Board, id kanban.TaskID, n New, r io.Reader) (kanban.Attachment, error) {
	name, err := kanban.AttachmentName(n.Name)
	if err != nil {
		return kanban.Attachment{}, fmt.Errorf("attach to %s: %w", id, err)
	}
	// What would be refused is refused before anything is read: who is asked for the
	// row later may come to another answer only if the card moves meanwhile.
	t, err := b.Task(ctx, id)
	if err != nil {
		return kanban.Attachment{}, err
	}
	a := kanban.Attachment{Name: name, Path: filepath.Join(f.Root, string(id), name), ContentType: n.ContentType, By: n.By}
	if _, err := t.Attach(a, n.Run, t.CreatedAt); err != nil {
		return kanban.Attachment{}, err
	}
	kept, err := f.put(ctx, id, name, kanban.Again, r)
	if err != nil {
		return kanban.Attachment{}, f.unwritten(fmt.Sprintf("attach %s to %s", name, id), err)
	}
	a.Name, a.Path, a.Size = kept.name, kept.path, kept.size
	f.at(Named)
	c, err := b.Attach(ctx, id, a, n.Run)
	if err != nil {
		if !errors.Is(err, kanban.ErrUnknown) {
			err = errors.Join(err, kept.remove())
		}
		return kanban.Attachment{}, err
	}
	f.at(Stored)
	return c.Attachments[0], nil
}

// Remove gives up a file, and removes it. That the file is gone already, or
// cannot be removed, does not bring the row back: what stays is said in left.
func (f Files) Remove(ctx context.Context, b *board.Board, a kanban.Attachment, run kanban.RunID) (left error, err error) {
	if _, err := b.Detach(ctx, a, run); err != nil {
		return nil, err
	}
	return f.unlink(a), nil
}

// unlink removes a card's file, if it lies where the files of the card lie: a row
// may have been written by anyone, and name any path.
func (f Files) unlink(a kanban.Attachment) error {
	dir, err := f.open(a.Task, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	there, err := os.Stat(filepath.Dir(a.Path))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	own, ownErr := dir.Stat(".")
	if err := errors.Join(err, ownErr); err != nil {
		return err
	}
	if !os.SameFile(there, own) {
		return fmt.Errorf("%s is not in the card's folder %s", a.Path, filepath.Join(f.Root, string(a.Task)))
	}
	if err := dir.Remove(filepath.Base(a.Path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Source opens a file that somebody names, to be kept. It must be a regular one:
// a pipe could keep the caller waiting, and a device never ends.
func (f Files) Source(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil {
		err = f.regular(info)
	}
	if err != nil {
		return nil, unread(path, err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, unread(path, err)
	}
	return file, nil
}

// regular refuses what is no regular file, or too large, or the database.
func (f Files) regular(info fs.FileInfo) error {
	switch {
	case info.IsDir():
		return errors.New("it is a folder")
	case !info.Mode().IsRegular():
		return errors.New("it is no regular file")
	case info.Size() > kanban.MaxAttachment:
		return kanban.TooLarge(info.Name())
	}
	for _, end := range []string{"", "-wal", "-shm", "-journal"} {
		if own, err := os.Stat(f.DB + end); f.DB != "" && err == nil && os.SameFile(own, info) {
			return errors.New("it is the board itself; `andon backup` makes a copy that can be kept")
		}
	}
	return nil
}

func unread(path string, err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		err = pe.Err
	}
	return refused("read "+path, err)
}

// unwritten is the error for a file that could not be stored.
func (f Files) unwritten(what string, err error) error {
	e := refused(what, err)
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		e.Hint = fmt.Sprintf("see that %s is a folder that can be written, or name another with ANDON_ATTACHMENTS_ROOT", f.Root)
	}
	return e
}

// refused gives an error a class, if it has none.
func refused(what string, err error) *kanban.Error {
	e := &kanban.Error{Code: kanban.Denied, Err: err, Msg: fmt.Sprintf("%s: %v", what, err)}
	switch code := kanban.CodeOf(err); {
	case code != kanban.Internal:
		e.Code = code
	case errors.Is(err, fs.ErrNotExist):
		e.Code = kanban.NotFound
	}
	return e
}
