package trash

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Where a rename cannot move the files, they are copied, and nothing is lost on
// the way.
func TestFilesMoveToAnotherFileSystem(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	if err := errors.Join(os.MkdirAll(filepath.Join(from, "sub"), 0o755), os.WriteFile(filepath.Join(from, "a"), []byte("x"), 0o600),
		os.WriteFile(filepath.Join(from, "sub", "b"), []byte("y"), 0o600), os.Symlink("/", filepath.Join(from, "link"))); err != nil {
		t.Fatal(err)
	}
	elsewhere := func(from, to string) error { return errors.New("invalid cross-device link") }
	if err := os.WriteFile(to, nil, 0o600); err != nil { // the copy cannot be made
		t.Fatal(err)
	}
	if err := moveFolder(from, to, elsewhere); err == nil {
		t.Error("moved onto a file")
	}
	if _, err := os.Stat(filepath.Join(from, "sub", "b")); err != nil {
		t.Fatalf("a move that failed lost a file: %v", err)
	}
	if err := errors.Join(os.RemoveAll(to), moveFolder(from, to, elsewhere)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"a": "x", "sub/b": "y"} {
		if got, err := os.ReadFile(filepath.Join(to, name)); string(got) != want || err != nil {
			t.Errorf("%s holds %q, %v", name, got, err)
		}
	}
	for _, gone := range []string{from, filepath.Join(to, "link")} {
		if _, err := os.Lstat(gone); err == nil {
			t.Errorf("%s is there", gone)
		}
	}
	if err := moveFolder(from, to, os.Rename); err != nil {
		t.Errorf("a card without files: %v", err)
	}
	if err := os.Symlink(to, from); err != nil {
		t.Fatal(err)
	}
	if err := moveFolder(from, filepath.Join(dir, "x"), elsewhere); err == nil {
		t.Error("a link was moved as if it were the card's folder")
	}
}
