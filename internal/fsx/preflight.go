package fsx

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Preflight says whether SQLite can read and write the database file db, the
// two files it keeps beside it, and their folder. A file that does not exist
// yet is no fault; a folder is. The error names the file and what to do.
//
// It opens none of these files, because closing one could cancel the locks
// that a connection of this process holds.
func Preflight(db string) error {
	dir := filepath.Dir(db)
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("board folder: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("board folder %s is not a folder", dir)
	}
	if err := readWriteDir(dir); err != nil {
		return denied("folder", dir, err, remedy(dir, err, true))
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		if err := preflight(db+end, end); err != nil {
			return err
		}
	}
	return nil
}

// Folder says whether files can be made in a folder, and what to do if not.
func Folder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", dir)
	}
	if err := readWriteDir(dir); err != nil {
		return denied("folder", dir, err, remedy(dir, err, true))
	}
	return nil
}

func preflight(path, end string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("database file: %w", err)
	case end == "" && info.IsDir():
		return fmt.Errorf("database %s is a folder, not a file", path)
	case !info.Mode().IsRegular():
		return nil
	}
	err = readWrite(path, info)
	if err == nil {
		return nil
	}
	hint := remedy(path, err, false)
	if end == "-wal" {
		hint = join(hint, "do not delete this file: it may hold commits that are nowhere else")
	}
	return denied("file", path, err, hint)
}

func denied(kind, path string, err error, hint string) error {
	text := join(fmt.Sprintf("%s %s must be readable and writable", kind, path), hint)
	return fmt.Errorf("%s: %w", text, err)
}

func join(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "; " + b
}

// quote makes path one word of a shell.
func quote(path string) string {
	plain := func(r rune) bool {
		return strings.ContainsRune("/._-+,:@", r) ||
			'0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	if strings.TrimFunc(path, plain) == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
