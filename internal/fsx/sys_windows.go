package fsx

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// rename tries again for a while: a reader or a virus scanner that has the old
// file open for a moment makes the replacement fail.
func rename(from, to string) error {
	end := time.Now().Add(time.Second)
	for {
		err := os.Rename(from, to)
		busy := errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION)
		if !busy || time.Now().After(end) {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Windows cannot sync a folder, and its file systems journal the rename.
func syncDir(string) error { return nil }

// Only the read-only attribute can be seen without opening the file.
func readWrite(_ string, info fs.FileInfo) error {
	if info.Mode().Perm()&0o200 == 0 {
		return fs.ErrPermission
	}
	return nil
}

// The read-only attribute of a folder does not forbid writing in it.
func readWriteDir(string) error { return nil }

func remedy(path string, _ error, _ bool) string {
	return `run: attrib -R "` + path + `"`
}
