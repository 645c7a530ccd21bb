package fsx

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// WriteStream is [WriteFile] for content that is too long to be held at once:
// write is handed the new file. Unless force is set, a file that is there is
// [fs.ErrExist], and stays.
func WriteStream(path string, perm fs.FileMode, force bool, write func(io.Writer) error) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	free := func() error {
		if _, err := os.Lstat(path); force || errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	if err := free(); err != nil {
		return err
	}
	f, err := createTemp(filepath.Dir(path), perm)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	b := bufio.NewWriterSize(f, 1<<16)
	err = write(b)
	if err == nil {
		err = b.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil { // Windows does not rename an open file
		return err
	}
	if err := free(); err != nil { // somebody may have made it meanwhile
		return err
	}
	if err := rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
