//go:build unix

package fsx

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

func rename(from, to string) error { return os.Rename(from, to) }

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	// Some network file systems cannot sync a folder. There is nothing left to
	// do about it.
	if errors.Is(err, unix.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	return err
}

func readWrite(path string, _ fs.FileInfo) error {
	return unix.Access(path, unix.R_OK|unix.W_OK)
}

// Without search permission no file of the folder can be reached.
func readWriteDir(path string) error {
	return unix.Access(path, unix.R_OK|unix.W_OK|unix.X_OK)
}

func remedy(path string, err error, dir bool) string {
	if !errors.Is(err, fs.ErrPermission) {
		return "" // a read-only file system, for one
	}
	if dir {
		return "run: chmod u+rwx " + quote(path)
	}
	return "run: chmod u+rw " + quote(path)
}
