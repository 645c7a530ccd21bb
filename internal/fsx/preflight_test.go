package fsx

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPreflight(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "odd.db-wal"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		db   string
		want string
	}{
		"new":              {filepath.Join(dir, "new.db"), ""},
		"there":            {file, ""},
		"folder as wal":    {filepath.Join(dir, "odd.db"), ""},
		"folder":           {dir, "is a folder, not a file"},
		"no folder":        {filepath.Join(dir, "missing", "b.db"), "board folder"},
		"file as a folder": {filepath.Join(file, "b.db"), "is not a folder"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := Preflight(c.db)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("Preflight(%s) = %v, want %q", c.db, err, c.want)
			}
		})
	}
	if err := Preflight(filepath.Join(dir, "missing", "b.db")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Preflight in no folder = %v, want fs.ErrNotExist", err)
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/srv/a-b_c.db":  "/srv/a-b_c.db",
		"/my dir/b.db":   "'/my dir/b.db'",
		"/a$b":           "'/a$b'",
		"/it's/b.db":     `'/it'\''s/b.db'`,
		"/plain/ü/b.db":  "'/plain/ü/b.db'",
		"/first b/then ": "'/first b/then '",
	} {
		if got := quote(path); got != want {
			t.Errorf("quote(%q) = %s, want %s", path, got, want)
		}
	}
}
