package sqlite

import (
	"path/filepath"
	"testing"

	"andon/internal/store"
)

// Every connection counts, and each is counted off once, however often its board
// is closed: else the file would be thought closed while another holds it open.
func TestConnectionsAreCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kanban.db")
	raw := func() bool {
		free, err := alone(resolve(path), func() error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		return free
	}
	if !raw() {
		t.Error("a file that nobody opened is in use")
	}
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
	if raw() {
		t.Error("the file is free while a board has it open")
	}
	if err := second.Close(); err != nil {
		t.Error(err)
	}
	if !raw() {
		t.Error("the file is in use after both boards were closed")
	}
}
