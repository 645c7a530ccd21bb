package attach

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"andon/internal/fsx"
	"andon/kanban"
)

// kept is a file that has its place and, so far, no row.
type kept struct {
	name, path string
	size       int64
	remove     func() error
}

// open opens the card's folder, and makes it if that is asked. Neither the card's
// id nor a symbolic link leads out of the root, or into another card's folder.
func (f Files) open(id kanban.TaskID, make bool) (*os.Root, error) {
	name := string(id)
	if filepath.Base(name) != name || !filepath.IsLocal(name) || strings.ContainsAny(name, "/\\\x00") {
		return nil, fmt.Errorf("the card's id %q cannot name a folder", name)
	}
	if make {
		if err := os.MkdirAll(f.Root, 0o755); err != nil {
			return nil, err
		}
	}
	root, err := os.OpenRoot(f.Root)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if make {
		err := root.Mkdir(name, 0o755)
		if err == nil {
			err = fsx.SyncDir(f.Root)
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	entry, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	dir, err := root.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	if opened, err := dir.Stat("."); err != nil || !os.SameFile(entry, opened) {
		dir.Close()
		return nil, errors.Join(fmt.Errorf("%s is not a folder of its own", filepath.Join(f.Root, name)), err)
	}
	return dir, nil
}

// put writes what r gives into the card's folder: beside, synced, and renamed to
// the first name of naming's that is free.
func (f Files) put(ctx context.Context, id kanban.TaskID, name string, naming func(string, int) string, r io.Reader) (_ kept, err error) {
	dir, err := f.open(id, true)
	if err != nil {
		return kept{}, err
	}
	defer dir.Close()
	temp := fmt.Sprintf(".%016x.tmp", rand.Uint64()) // no card's file begins with a dot
	size, err := fill(ctx, dir, temp, name, r)
	if err == nil {
		f.at(Written)
		name, err = settle(dir, temp, fitting(name), naming)
	}
	if err != nil {
		dir.Remove(temp)
		return kept{}, err
	}
	k := kept{name: name, size: size}
	k.remove = func() error {
		dir, err := f.open(id, false)
		if err == nil {
			defer dir.Close()
			err = dir.Remove(name)
		}
		if errors.Is(err, fs.ErrNotExist) { // the card was deleted, and its files with it
			return nil
		}
		return err
	}
	if k.path, err = filepath.Abs(filepath.Join(f.Root, string(id), name)); err == nil {
		err = fsx.SyncDir(filepath.Dir(k.path))
	}
	if err != nil {
		return kept{}, errors.Join(err, k.remove())
	}
	return k, nil
}

// fill writes a file, and closes it in any case.
func fill(ctx context.Context, dir *os.Root, temp, name string, r io.Reader) (size int64, err error) {
	file, err := dir.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return 0, err
	}
	defer func() {
		if closing := file.Close(); err == nil {
			err = closing
		}
		if err == nil { // as old as its name will be, whenever its last byte came
			now := time.Now()
			err = dir.Chtimes(temp, now, now)
		}
	}()
	// One byte more than there may be, whatever the source says of its size.
	size, err = io.Copy(file, io.LimitReader(reader{ctx, r}, kanban.MaxAttachment+1))
	switch {
	case err != nil:
		return size, err
	case size > kanban.MaxAttachment:
		return size, kanban.TooLarge(name)
	}
	return size, file.Sync()
}

// reader heeds the context between two reads.
type reader struct {
	ctx context.Context
	io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// tries bounds the search for a name that is free.
const tries = 10_000

// settle gives the file its name. The name is taken by an empty file first,
// because a rename replaces what is there, and a link is not to be had everywhere.
func settle(dir *os.Root, temp, name string, naming func(string, int) string) (string, error) {
	for n := range tries {
		free := naming(name, n)
		place, err := dir.OpenFile(free, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		if err := errors.Join(place.Close(), dir.Rename(temp, free)); err != nil {
			return "", errors.Join(err, dir.Remove(free))
		}
		return free, nil
	}
	return "", fmt.Errorf("%d files are called %s already", tries, name)
}

// fitting is a name that this system takes as the name of a file.
func fitting(name string) string {
	if runtime.GOOS != "windows" {
		return name
	}
	name = strings.TrimRight(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}, name), ". ")
	if !filepath.IsLocal(name) { // CON, NUL and their like
		name = "_" + name
	}
	return name
}
