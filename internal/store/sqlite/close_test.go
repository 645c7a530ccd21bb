package sqlite

import (
	"path/filepath"
	"testing"

	"andon/internal/store"
)

// A board that is closed twice is not counted off twice: were it, the file would
// be thought closed while another holds it open.
func TestCloseTwice(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kanban.db")
	first, err := Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	second, err := Open(t.Context(), path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := first.Close(); err != nil {
			t.Error(err)
		}
	}
	live := func() int {
		openFiles.Lock()
		defer openFiles.Unlock()
		return openFiles.live[path]
	}
	if got := live(); got != 1 {
		t.Errorf("%d boards are counted open, want 1", got)
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if got := live(); got != 0 {
		t.Errorf("%d boards are counted open, want none", got)
	}
}
