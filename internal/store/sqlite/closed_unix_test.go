//go:build unix

package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"andon/internal/store"
	"andon/kanban"
)

func TestOpenInAClosedFolderIsOneRefusal(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("no folder is closed to root")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	var said []string
	_, err := Open(t.Context(), filepath.Join(dir, "kanban.db"), store.Options{Warn: func(s string) { said = append(said, s) }})
	if kanban.CodeOf(err) != kanban.Denied || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "--home") {
		t.Errorf("Open: %v, want it denied with the folder and the way out", err)
	}
	if len(said) > 0 {
		t.Errorf("Open warned of %q besides", said)
	}
}
