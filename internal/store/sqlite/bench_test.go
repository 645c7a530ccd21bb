package sqlite

import (
	"path/filepath"
	"testing"

	"andon/internal/store"
)

// BenchmarkOpen is what every command pays before it does anything.
func BenchmarkOpen(b *testing.B) {
	path := filepath.Join(b.TempDir(), "kanban.db")
	for b.Loop() {
		db, err := Open(b.Context(), path, store.Options{})
		if err != nil {
			b.Fatal(err)
		}
		if err := db.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
