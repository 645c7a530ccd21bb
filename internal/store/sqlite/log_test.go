package sqlite_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"andon/internal/store"
	"andon/internal/store/storetest"
	"andon/kanban"
)

// The log that a long reader let grow is cut when it is begun anew, although the
// board stays open.
func TestLogIsCutAfterALongReader(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "kanban.db")
	db := storetest.Open(t, path)
	write := func(bytes int) {
		t.Helper()
		if err := db.Update(t.Context(), func(tx *store.Tx) error {
			return tx.Pause(t.Context(), kanban.Pause{Scope: "board", Reason: strings.Repeat("x", bytes), Since: tx.Now})
		}); err != nil {
			t.Fatal(err)
		}
	}
	logged := func() int64 {
		t.Helper()
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	if err := db.View(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Head(t.Context()) // from here on it reads
		for n := range 12 {
			write(1<<20 + n) // another text each time, or nothing would be written
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	const limit = 4 << 20
	if n := logged(); n < 2*limit {
		t.Fatalf("the log has %d bytes only: nothing is tried here", n)
	}
	for n := range 3 { // copied into the file, begun anew, cut
		write(n)
	}
	if n := logged(); n > limit {
		t.Errorf("the log still has %d bytes", n)
	}
}
