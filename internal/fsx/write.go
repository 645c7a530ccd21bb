// Package fsx replaces small files whole, and says before a database is opened
// whether its files can be written.
package fsx

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// WriteFile replaces the file at path, or what a symbolic link there points to,
// in one step: a reader sees the old content or the new, also after a power
// failure. On an error the old content stands and nothing is left beside it,
// except that an error of syncing the folder comes after the step: then the new
// content is there, but a power failure may yet bring the old one back.
//
// perm is cut by the umask, and replaces the permissions of the old file.
func WriteFile(path string, data []byte, perm fs.FileMode) error {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	dir := filepath.Dir(path)
	f, err := createTemp(dir, perm)
	if err != nil {
		return err
	}
	if err := fill(f, data); err != nil {
		os.Remove(f.Name())
		return err
	}
	if err := rename(f.Name(), path); err != nil {
		os.Remove(f.Name())
		return err
	}
	return syncDir(dir)
}

// Rename gives a file, whose content is synced already, another name of the same
// folder, in one step and for good; it replaces what has that name.
func Rename(from, to string) error {
	if err := rename(from, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// MoveDir gives a folder another name, in one step and for good, and makes the
// folder that it goes to. What has that name already stays, and is an error.
func MoveDir(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if _, err := os.Lstat(to); err == nil {
		return &fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}
	}
	if err := rename(from, to); err != nil {
		return err
	}
	if err := syncDir(filepath.Dir(to)); err != nil {
		return err
	}
	return syncDir(filepath.Dir(from))
}

// SyncDir makes what was created, renamed or removed in a folder last.
func SyncDir(dir string) error { return syncDir(dir) }

// os.CreateTemp would not let the umask decide the permissions.
func createTemp(dir string, perm fs.FileMode) (*os.File, error) {
	for try := 0; ; try++ {
		name := filepath.Join(dir, fmt.Sprintf(".%016x.tmp", rand.Uint64()))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if err == nil || !os.IsExist(err) || try == 100 {
			return f, err
		}
	}
}

// fill closes f in any case: Windows does not remove or rename an open file.
func fill(f *os.File, data []byte) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}
