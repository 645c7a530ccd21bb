package trash

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"andon/internal/home"
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

// A card that was deleted with its files on another file system comes back with
// them, and goes into the trash again with them if it does not come back after all.
func TestFilesComeBackToAnotherFileSystem(t *testing.T) {
	dir := t.TempDir()
	place := home.Board{Trash: filepath.Join(dir, "trash"), Attachments: filepath.Join(dir, "attachments"), Logs: filepath.Join(dir, "logs")}
	kept := filepath.Join(place.Trash, "t_1.1.0", "attachments")
	if err := errors.Join(os.MkdirAll(kept, 0o755), os.WriteFile(filepath.Join(kept, "f"), []byte("x"), 0o644)); err != nil {
		t.Fatal(err)
	}
	elsewhere := func(from, to string) error { return errors.New("invalid cross-device link") }
	r, err := restore(place, "t_1", elsewhere)
	if err != nil {
		t.Fatal(err)
	}
	back := filepath.Join(place.Attachments, "t_1", "f")
	if got, err := os.ReadFile(back); string(got) != "x" || err != nil {
		t.Errorf("back is %q, %v", got, err)
	}
	if err := r.Back(); err != nil {
		t.Error(err)
	}
	if got, err := os.ReadFile(filepath.Join(kept, "f")); string(got) != "x" || err != nil {
		t.Errorf("in the trash again is %q, %v", got, err)
	}
	if _, err := os.Stat(filepath.Dir(back)); err == nil {
		t.Error("its folder is left")
	}
}
